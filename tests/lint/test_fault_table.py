"""A fault's result is the worst of its tests', and a test of which nothing is known has not been run."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from tests import fault_table  # noqa: E402

DOCUMENT = """| fault | what happens | test |
| --- | --- | --- |
| a cable is cut | the other one | `tests/e2e/test_a.py::test_cable`, `tests/dpdk/a_test.cc::Worker.Cable` |
| a file is bad | it is said | `tests/config/a_test.cc::Reject.Row` |
"""
PYTEST = '<testsuite><testcase classname="tests.e2e.test_a" name="test_cable[1]">{}</testcase><testcase classname="tests.e2e.test_a" name="test_cable[2]"/></testsuite>'
GTEST = '<testsuites><testsuite><testcase classname="Worker" name="Cable" status="run"/><testcase classname="Each/Reject" name="Row/bad_file" status="{}"/></testsuite></testsuites>'


@pytest.fixture
def reports(tmp_path):
    (tmp_path / "release").mkdir()

    def write(e2e: str = "", status: str = "run") -> dict[str, str]:
        (tmp_path / "e2e.xml").write_text(PYTEST.format(e2e))
        (tmp_path / "release" / "a.xml").write_text(GTEST.format(status))
        return fault_table.results(tmp_path)

    return write


def results(found: dict[str, str]) -> list[str]:
    return [row.result for row in fault_table.rows(DOCUMENT, found)]


def test_what_all_tests_of_a_fault_have_passed_has_passed(reports):
    assert results(reports()) == ["passed", "passed"]


@pytest.mark.parametrize(("child", "result"), [("<failure/>", "failed"), ("<error/>", "failed"), ("<skipped/>", "not run")])
def test_the_worst_of_a_faults_tests_counts(reports, child, result):
    assert results(reports(e2e=child)) == [result, "passed"]
    assert results(reports(status="notrun")) == ["passed", "not run"]


def test_nothing_is_known_of_a_test_without_a_report(reports, tmp_path):
    assert results({}) == ["not run", "not run"]
    reports()
    assert fault_table.results(tmp_path, since=(tmp_path / "e2e.xml").stat().st_mtime + 3600) == {}


def test_a_torn_report_says_nothing(tmp_path):
    (tmp_path / "e2e.xml").write_text("<testsuite><testcase")
    assert fault_table.results(tmp_path) == {}


def test_a_typed_suite_is_named_without_its_number(tmp_path):
    (tmp_path / "a.xml").write_text('<testsuite><testcase classname="TableOf/0" name="IsFull"/><testcase classname="By/TableOf/1" name="IsFull"/></testsuite>')
    assert fault_table.results(tmp_path) == {"TableOf.IsFull": "passed"}


def test_the_projects_own_table_is_read():
    table = fault_table.rows(fault_table.DOCUMENT.read_text(), {})
    assert len(table) > 30
    assert any(row.fault == "the TAP is deleted" for row in table)
    assert fault_table.text(table).count("not run") == len(table)
