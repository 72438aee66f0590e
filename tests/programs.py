"""Runs one program of the tests, or builds it, and counts what passed and what failed in the report that it writes.

The counts come from reports that the tests write themselves: GoogleTest's XML (one file for each binary) and pytest's JUnit XML. A program
that ends without a report, or that fails although its report shows no failure (a crash, a sanitizer's finding, a timeout), is one failure
more. A suite in which nothing ran is a failure too.
"""

import dataclasses
import json
import os
import pathlib
import subprocess
import threading
import time
from collections.abc import Callable

from tests import reports

ROOT = pathlib.Path(__file__).resolve().parent.parent
REPORTS = ROOT / "build" / "test-reports"
PYTHON = "/usr/bin/python3"
UNIT_TIMEOUT_SECONDS = 600
PYTEST_TIMEOUT_SECONDS = 2400
# A command's prefix: it gets the time that nobody else wants, and ends when who has started it does.
AT_LEISURE = ("setsid", "setpriv", "--pdeathsig", "TERM", str(ROOT / "lab" / "at_leisure.sh"))
PATIENCE_AT_LEISURE = 4

SANITIZER_ENVIRONMENT = {
    "ASAN_OPTIONS": "abort_on_error=0:detect_leaks=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}


REPORT_OF_PLAIN_PROGRAM = 'report=$1; shift; "$@" && echo "<testsuite><testcase name=\'program\'/></testsuite>" > "$report"'


@dataclasses.dataclass
class Outcome:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    # What went wrong, for people.
    complaints: list[str] = dataclasses.field(default_factory=list)

    def add(self, other: "Outcome") -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.complaints += other.complaints

    def fail(self, complaint: str) -> None:
        self.failed += 1
        self.complaints.append(complaint)


def count_report(file: pathlib.Path) -> Outcome:
    """The test cases of one JUnit or GoogleTest report. A missing or torn file counts nothing: the caller judges the exit status."""
    outcome = Outcome()
    for case in reports.cases(file):
        match reports.result(case):
            case reports.FAILED:
                outcome.fail(f"{case.get('classname')}.{case.get('name')}")
            case reports.NOT_RUN:
                outcome.skipped += 1
            case reports.PASSED:
                outcome.passed += 1
    return outcome


_print_lock = threading.Lock()


def say(text: str) -> None:
    with _print_lock:
        print(text, flush=True)


def run_program(name: str, command: list[str], report: pathlib.Path, timeout_seconds: float, environment: dict[str, str],
                directory: pathlib.Path = ROOT) -> Outcome:
    """Run one test program that writes `report`; its output goes to a log beside the report and is shown when it fails."""
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    log = report.with_suffix(".log")
    started = time.monotonic()
    with open(log, "wb") as output:
        try:
            status = subprocess.run(command, cwd=directory, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                    timeout=timeout_seconds, env=os.environ | environment).returncode
        except subprocess.TimeoutExpired:
            status = f"none after {timeout_seconds:.0f} s"
        except OSError as error:
            status = str(error)
    outcome = count_report(report)
    if status != 0 and outcome.failed == 0:
        outcome.fail(f"{name}: exit status {status}")
    if outcome.passed + outcome.failed == 0:
        outcome.fail(f"{name}: no test ran")
    say(f"{'ok  ' if outcome.failed == 0 else 'FAIL'} {name}: {outcome.passed} passed, {outcome.failed} failed, "
        f"{outcome.skipped} skipped, {time.monotonic() - started:.0f} s")
    if outcome.failed:
        say(f"---- {log}\n{tail(log)}\n----")
    return outcome


def tail(file: pathlib.Path, lines: int = 120) -> str:
    return "\n".join(file.read_text(errors="replace").splitlines()[-lines:])


def build(variant: str, targets: tuple[str, ...] = (), prefix: tuple[str, ...] = ()) -> Outcome:
    """Build a variant, or these targets of it; a build that fails is one failed test, shown with its log."""
    return run_build(f"build {variant}", (*prefix, str(ROOT / "lab" / "build.sh"), variant, *targets))


def run_build(name: str, command: tuple[str, ...]) -> Outcome:
    log = REPORTS / f"{name.replace(' ', '-')}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with open(log, "wb") as output:
        status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT).returncode
    say(f"{'ok  ' if status == 0 else 'FAIL'} {name}, {time.monotonic() - started:.0f} s")
    outcome = Outcome()
    if status != 0:
        outcome.fail(name)
        say(f"---- {log}\n{tail(log, 60)}\n----")
    return outcome


def plain(report: pathlib.Path, *command: str) -> list[str]:
    """A command without a report of its own: one test, passed when it exits with 0."""
    return ["/bin/sh", "-c", REPORT_OF_PLAIN_PROGRAM, "sh", str(report), *command]


def fixed_addresses(variant: str) -> list[str]:
    """A prefix for ThreadSanitizer's programs: GCC 12's dies at random on kernels that randomize more address bits than it expects.
    Empty where a container forbids it."""
    prefix = ["setarch", "--addr-no-randomize"]
    wanted = variant == "tsan" and subprocess.run([*prefix, "true"], capture_output=True).returncode == 0
    return prefix if wanted else []


def tests_of(directory: pathlib.Path) -> list[dict]:
    """What meson knows of the tests in that build directory."""
    listing = subprocess.run(["/usr/bin/meson", "introspect", "--tests", str(directory)], capture_output=True, text=True)
    if listing.returncode != 0:
        raise RuntimeError(f"meson introspect: {listing.stderr.strip()}")
    return json.loads(listing.stdout)


def unit(variant: str, directory: pathlib.Path, is_wanted: Callable[[dict], bool] = lambda test: True,
         environment: dict[str, str] = SANITIZER_ENVIRONMENT, prefix: tuple[str, ...] = (), folder: str = "") -> Outcome:
    """Every test that meson knows in that build directory and that is wanted. GoogleTest programs are counted by case, others by exit status.

    Reports go to `folder`, the variant's where none is given.
    """
    outcome = Outcome()
    for test in tests_of(directory):
        if not is_wanted(test):
            continue
        report = REPORTS / (folder or variant) / f"{test['name'].replace('/', '-').replace(' ', '-')}.xml"
        if test["protocol"] == "gtest":
            command = [*fixed_addresses(variant), *test["cmd"], f"--gtest_output=xml:{report}"]
        else:
            command = plain(report, *test["cmd"])
        seconds = max(test["timeout"], UNIT_TIMEOUT_SECONDS) * (PATIENCE_AT_LEISURE if prefix else 1)
        outcome.add(run_program(f"{variant} {test['name']}", [*prefix, *command], report, seconds, test["env"] | environment,
                                pathlib.Path(test["workdir"] or directory)))
    if outcome.passed + outcome.failed == 0:
        outcome.fail(f"{variant}: meson knows no test")
    return outcome


def pytest_suite(path: str) -> Outcome:
    """A folder of tests/, or a file in one."""
    report = REPORTS / f"{path}.xml"
    command = [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", f"tests/{path}"]
    return run_program(path, command, report, PYTEST_TIMEOUT_SECONDS, {"PYTHONDONTWRITEBYTECODE": "1"})


