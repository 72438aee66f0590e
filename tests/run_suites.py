"""Builds the variants, runs every suite, and says in one closing line how many tests passed and failed.

    python3 -m tests.run_suites [unit|lint|conformance|asan|tsan|e2e|equivalence ...]

The counts come from reports that the tests write themselves: GoogleTest's XML (one file for each binary) and pytest's JUnit XML. A program
that ends without a report, or that fails although its report shows no failure (a crash, a sanitizer's finding, a timeout), is one failure
more. A suite in which nothing ran is a failure too. Sanitizer variants run the unit tests alone, and only when they are named.

Two suites run at the same time (the machines that run this have two processors); e2e, which measures nothing but loads everything, and
equivalence, which compares times, run alone.
"""

import concurrent.futures
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
REPORTS = ROOT / "build" / "test-reports"
PYTHON = "/usr/bin/python3"
UNIT_TIMEOUT_SECONDS = 600
PYTEST_TIMEOUT_SECONDS = 2400

SANITIZER_ENVIRONMENT = {
    "ASAN_OPTIONS": "abort_on_error=0:detect_leaks=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}


# A test without a report of its own is one test, passed when it exits with 0.
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
    try:
        cases = xml.etree.ElementTree.parse(file).getroot().iter("testcase")
        for case in cases:
            name = f"{case.get('classname')}.{case.get('name')}"
            if case.find("failure") is not None or case.find("error") is not None:
                outcome.fail(name)
            elif case.find("skipped") is not None or case.get("status") == "notrun":
                outcome.skipped += 1
            else:
                outcome.passed += 1
    except (FileNotFoundError, xml.etree.ElementTree.ParseError):
        return Outcome()
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


def build(variant: str) -> Outcome:
    """Build a variant; a build that fails is one failed test, shown with its log."""
    log = REPORTS / f"build-{variant}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with open(log, "wb") as output:
        status = subprocess.run([ROOT / "lab" / "build.sh", variant], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT).returncode
    say(f"{'ok  ' if status == 0 else 'FAIL'} build {variant}, {time.monotonic() - started:.0f} s")
    outcome = Outcome()
    if status != 0:
        outcome.fail(f"build {variant}")
        say(f"---- {log}\n{tail(log, 60)}\n----")
    return outcome


def fixed_addresses(variant: str) -> list[str]:
    """A prefix for ThreadSanitizer's programs: GCC 12's dies at random on kernels that randomize more address bits than it expects.
    Empty where a container forbids it."""
    prefix = ["setarch", "--addr-no-randomize"]
    wanted = variant == "tsan" and subprocess.run([*prefix, "true"], capture_output=True).returncode == 0
    return prefix if wanted else []


def unit(variant: str, directory: pathlib.Path) -> Outcome:
    """Every test that meson knows in that build directory. GoogleTest programs are counted by case, others by exit status."""
    outcome = Outcome()
    listing = subprocess.run(["/usr/bin/meson", "introspect", "--tests", str(directory)], capture_output=True, text=True)
    if listing.returncode != 0:
        outcome.fail(f"{variant}: meson introspect: {listing.stderr.strip()}")
        return outcome
    for test in json.loads(listing.stdout):
        report = REPORTS / variant / f"{test['name'].replace('/', '-').replace(' ', '-')}.xml"
        name = f"{variant} {test['name']}"
        if test["protocol"] == "gtest":
            command = [*fixed_addresses(variant), *test["cmd"], f"--gtest_output=xml:{report}"]
        else:
            command = ["/bin/sh", "-c", REPORT_OF_PLAIN_PROGRAM, "sh", str(report), *test["cmd"]]
        outcome.add(run_program(name, command, report, max(test["timeout"], UNIT_TIMEOUT_SECONDS), test["env"] | SANITIZER_ENVIRONMENT,
                                pathlib.Path(test["workdir"] or directory)))
    if outcome.passed + outcome.failed == 0:
        outcome.fail(f"{variant}: meson knows no test")
    return outcome


def pytest_suite(folder: str) -> Outcome:
    report = REPORTS / f"{folder}.xml"
    command = [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", f"tests/{folder}"]
    return run_program(folder, command, report, PYTEST_TIMEOUT_SECONDS, {"PYTHONDONTWRITEBYTECODE": "1"})


def sanitized(variant: str) -> Outcome:
    outcome = build(variant)
    if outcome.failed == 0:
        outcome.add(unit(variant, ROOT / f"build-{variant}"))
    return outcome


SUITES = {
    "lint": lambda: pytest_suite("lint"),
    "unit": lambda: unit("release", ROOT / "build"),
    "conformance": lambda: pytest_suite("ipvs_conformance"),
    "asan": lambda: sanitized("asan"),
    "tsan": lambda: sanitized("tsan"),
    "e2e": lambda: pytest_suite("e2e"),
    "equivalence": lambda: pytest_suite("healthcheck_equivalence"),
}
ALONE = ("e2e", "equivalence")
# Run by name only: a variant of all unit tests takes longer to build than all the others together, and equivalence asserts times, which
# a busy machine may miss.
BY_NAME = ("asan", "tsan", "equivalence")
NEED_RELEASE_BUILD = ("unit", "conformance", "e2e", "equivalence")


def run_guarded(name: str) -> Outcome:
    """A suite whose own machinery breaks is a failure, not the end of the run."""
    try:
        return SUITES[name]()
    except Exception as error:  # the closing line must come whatever happens
        outcome = Outcome()
        outcome.fail(f"{name}: {type(error).__name__}: {error}")
        return outcome


def main(arguments: list[str]) -> int:
    unknown = [name for name in arguments if name not in SUITES]
    if unknown:
        print(f"no suite {', '.join(unknown)}; there are: {' '.join(SUITES)}", file=sys.stderr)
        return 2
    chosen = [name for name in SUITES if name in arguments or (not arguments and name not in BY_NAME)]
    total = Outcome()
    if any(name in NEED_RELEASE_BUILD for name in chosen):
        total.add(build("release"))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for outcome in pool.map(run_guarded, [name for name in chosen if name not in ALONE]):
            total.add(outcome)
    for name in chosen:
        if name in ALONE:
            total.add(run_guarded(name))
    if total.complaints:
        say("Failed:\n" + "\n".join(f"  {complaint}" for complaint in total.complaints))
    say(f"{total.passed} passed, {total.failed} failed" + (f", {total.skipped} skipped" if total.skipped else ""))
    return 0 if total.failed == 0 and total.passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
