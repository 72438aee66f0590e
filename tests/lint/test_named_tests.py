"""Documents that name tests (`FILE::NAME`) name tests that are there: a row of a table without its test is a promise."""

import pathlib
import re
import sys

import pytest
from sources import ROOT

sys.path.insert(0, str(ROOT))

from tests.fault_table import NAMED  # noqa: E402

DOCUMENTS = ("docs/SECURITY.md", "docs/FAULTS.md")


def is_there(file: pathlib.Path, name: str) -> bool:
    """A Python function, or SUITE.NAME of GoogleTest."""
    if not file.is_file():
        return False
    if file.suffix == ".py":
        return re.search(rf"(?m)^def {re.escape(name)}\(", file.read_text()) is not None
    suite, _, test = name.partition(".")
    return re.search(rf"(?m)^(TEST|TEST_F|TEST_P|TYPED_TEST|RC_GTEST_PROP)\({re.escape(suite)},\s+{re.escape(test)}\b", file.read_text()) is not None


@pytest.mark.parametrize("document", DOCUMENTS)
def test_each_test_that_a_document_names_is_there(document):
    named = NAMED.findall((ROOT / document).read_text())
    assert len(named) > 10
    assert [f"{file}::{name}" for file, name in named if not is_there(ROOT / file, name)] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_each_row_of_a_table_of_threats_or_faults_names_a_test(document):
    rows = [line for line in (ROOT / document).read_text().splitlines() if line.startswith("| ") and line.count(" | ") >= 2]
    wide = [row for row in rows if not row.startswith(("| who sends |", "| fault |", "| ---", "| `CAP_", "| capability"))]
    assert len(wide) > 5
    assert [row for row in wide if not NAMED.search(row) and "no test: " not in row] == []


def test_a_test_that_is_not_there_is_noticed():
    assert is_there(ROOT / "tests/lint/test_named_tests.py", "test_a_test_that_is_not_there_is_noticed")
    assert not is_there(ROOT / "tests/lint/test_named_tests.py", "test_of_nothing")
    assert is_there(ROOT / "tests/packet/parse_test.cc", "Parse.Ipv4Tcp")
    assert not is_there(ROOT / "tests/packet/parse_test.cc", "Parse.Ipv5Tcp")
    assert not is_there(ROOT / "tests/nowhere.py", "test_of_nothing")
