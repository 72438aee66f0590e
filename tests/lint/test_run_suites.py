"""The runner of the suites must not say "passed" of something that failed: what it makes of programs that end badly."""

import os
import pathlib
import select
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from tests.programs import AT_LEISURE, Outcome, run_program  # noqa: E402
from tests.run_suites import faults  # noqa: E402

TWO_PASSED = "<testsuites><testsuite><testcase name='a' status='run'/><testcase name='b'/></testsuite></testsuites>"
ONE_FAILED = "<testsuites><testsuite><testcase name='a'/><testcase name='b'><failure message='no'/></testcase></testsuite></testsuites>"
ONE_SKIPPED = "<testsuite><testcase name='a'/><testcase name='b'><skipped/></testcase><testcase name='c' status='notrun'/></testsuite>"
ALL_SKIPPED = "<testsuite><testcase name='a'><skipped/></testcase></testsuite>"
TORN = "<testsuites><testsuite><testcase name='a'/>"


def counts(outcome: Outcome) -> tuple[int, int, int]:
    return outcome.passed, outcome.failed, outcome.skipped


@pytest.mark.parametrize("report, end, expected", [
    (TWO_PASSED, "exit 0", (2, 0, 0)),
    (ONE_FAILED, "exit 1", (1, 1, 0)),
    (ONE_SKIPPED, "exit 0", (1, 0, 2)),
    (TWO_PASSED, "exit 1", (2, 1, 0)),  # a sanitizer's finding after the last test
    (TWO_PASSED, "kill -ABRT $$", (2, 1, 0)),
    (TORN, "kill -SEGV $$", (0, 1, 0)),
    (None, "kill -ABRT $$", (0, 1, 0)),  # died before it wrote anything
    (None, "exit 0", (0, 1, 0)),  # says it is well, but nothing ran
    (ALL_SKIPPED, "exit 0", (0, 1, 1)),
    (TWO_PASSED, "sleep 60", (2, 1, 0)),  # does not end in time
])
def test_a_bad_end_is_a_failure(tmp_path, report, end, expected):
    file = tmp_path / "report.xml"
    command = ["/bin/sh", "-c", f"[ -z \"$1\" ] || printf %s \"$1\" > \"$2\"; {end}", "sh", report or "", str(file)]
    assert counts(run_program("program", command, file, 1 if "sleep" in end else 30, {})) == expected


def test_the_report_of_an_earlier_run_does_not_count(tmp_path):
    file = tmp_path / "report.xml"
    file.write_text(TWO_PASSED)
    assert counts(run_program("program", ["/bin/true"], file, 30, {})) == (0, 1, 0)


def test_a_program_that_is_not_there_is_a_failure(tmp_path):
    assert counts(run_program("program", [str(tmp_path / "nothing")], tmp_path / "report.xml", 30, {})) == (0, 1, 0)


def test_what_runs_at_leisure_gives_way_to_others():
    assert subprocess.run([*AT_LEISURE, "nice"], capture_output=True, text=True, check=True).stdout == "19\n"


def test_what_runs_at_leisure_ends_with_who_started_it(tmp_path):
    """However that ends, and with all that it has started itself."""
    started = tmp_path / "started"
    os.mkfifo(started)
    child = f"echo $$ > {started}; exec sleep 300"
    starter = subprocess.Popen(["/bin/sh", "-c", '"$@" & wait', "sh", *AT_LEISURE, "/bin/sh", "-c", f"/bin/sh -c '{child}' & wait"])
    with open(started) as pid:
        sleeper = os.pidfd_open(int(pid.read()))
    starter.kill()
    starter.wait()
    assert select.select([sleeper], [], [], 30)[0] == [sleeper]


def test_a_fault_that_was_not_tried_is_a_failure():
    assert counts(faults(since=time.time() + 3600)) == (0, 1, 0)
