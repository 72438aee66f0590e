"""The judge of coverage must not say "well" of a layer that is executed less than it was, or not at all."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from tests import coverage  # noqa: E402
from tests.coverage import Share  # noqa: E402

BASELINE = {"sync": {"line": 97.0, "branch": 92.3}}


def line(number: int, count: int, *branches: int, noncode: bool = False) -> dict:
    """As gcovr writes one."""
    return {"line_number": number, "count": count, "branches": [{"count": taken} for taken in branches], "gcovr/noncode": noncode}


FILES = [{"file": "vrrp/router.cc", "lines": [line(1, 3, 2, 0), line(2, 0), line(3, 0, noncode=True)]},
         {"file": "vrrp/spec/router_spec.h", "lines": [line(7, 1, 0, 0, 1)]}]


def test_a_layers_files_are_added_up():
    measured = coverage.shares(FILES)
    assert measured["vrrp"] == {"line": Share(2, 3), "branch": Share(2, 5)}
    assert measured["config"] == {"line": Share(0, 0), "branch": Share(0, 0)}


def test_what_is_not_executed_is_listed():
    assert [each for file in FILES for each in coverage.uncovered(file)] == [
        "vrrp/router.cc:1: 1 of 2 branches never taken", "vrrp/router.cc:2: never executed",
        "vrrp/spec/router_spec.h:7: 2 of 3 branches never taken"]


@pytest.mark.parametrize("kind, share, is_well", [
    ("line", Share(9700, 10000), True),
    ("line", Share(9685, 10000), True),  # within the tolerance
    ("line", Share(9684, 10000), False),
    ("branch", Share(9230, 10000), True),
    ("branch", Share(9214, 10000), False),
    ("branch", Share(100, 100), True),
    ("branch", Share(0, 0), False),  # nothing was measured
])
def test_less_than_it_was_is_a_failure(kind, share, is_well):
    assert (coverage.complaint("sync", kind, share, BASELINE) == "") == is_well


@pytest.mark.parametrize("kind, share, is_well", [("line", Share(95, 100), True), ("line", Share(949, 1000), False), ("branch", Share(899, 1000), False)])
def test_less_than_the_bar_is_a_failure_whatever_it_was(kind, share, is_well):
    low = {"sync": {"line": 50.0, "branch": 50.0}}
    assert (coverage.complaint("sync", kind, share, low) == "") == is_well


def test_a_layer_that_the_baseline_does_not_know_is_a_failure():
    assert coverage.complaint("vrrp", "line", Share(99, 100), BASELINE) != ""


def test_the_baseline_rises_and_never_falls():
    measured = {"sync": {"line": Share(9649, 10000), "branch": Share(9359, 10000)}}
    assert coverage.raised(BASELINE, measured) == {"sync": {"line": 97.0, "branch": 93.5}}


def test_the_baseline_is_read_as_it_is_written():
    assert coverage.read_baseline(coverage.write_baseline(BASELINE)) == BASELINE


def test_the_baseline_has_each_layer():
    assert list(coverage.read_baseline(coverage.BASELINE.read_text())) == list(coverage.LAYERS)


def test_programs_of_pure_layers_are_run_and_others_are_not():
    def is_wanted(program):
        return coverage.is_wanted({"cmd": [str(coverage.DIRECTORY / program)]})

    assert is_wanted("tests/sync/test-sync") and is_wanted("tests/core/director/test-director")
    assert is_wanted("tests/test-fuzz-config") and not is_wanted("tests/test-fuzz-netlink") and not is_wanted("tests/test-fuzz-vrrp-machine")
    assert not is_wanted("tests/healthcheck/io/test-healthcheck-io")
    assert not is_wanted("tests/vrrp/simulation/test-vrrp-simulation")
    assert not is_wanted("tests/control/cli/test-control-cli")
