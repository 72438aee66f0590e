"""Builds the variants, runs every suite, and says in one closing line how many tests passed and failed.

    python3 -m tests.run_suites [unit|lint|nemesis-rules|conformance|sanitizers|tidy|asan|tsan|clang-asan|clang-tsan|coverage|fuzz|mutants|short|quick|differential|e2e|equivalence|nemesis ...]

The counts come from reports that the tests write themselves: GoogleTest's XML (one file for each binary) and pytest's JUnit XML. A program
that ends without a report, or that fails although its report shows no failure (a crash, a sanitizer's finding, a timeout), is one failure
more. A suite in which nothing ran is a failure too. A sanitizer's variant (asan, tsan, clang-asan, clang-tsan) runs all unit tests, when it is
named; `sanitizers` is what each run has of them: the pure layers' tests and all fuzz targets for a moment under AddressSanitizer, and the tests
with threads under ThreadSanitizer.

`coverage` runs the unit tests of the pure layers, counts what they execute, and fails where it is less than it was (tests/coverage.py).
`tidy` has clang-tidy read the product: a test for each library and program.
`fuzz` replays each fuzz target's seeds and what earlier runs have learned, then fuzzes it for some seconds: a test for each target.
`mutants` runs the tests that plant faults (GoogleTest suites with "Mutant" in their name, and the comparison of health checks), which
prove that the nets can fail.
`differential` plays random scenarios to penstockd and to the kernel's IPVS.
`nemesis` does random faults to a pair of directors in the lab and judges what clients have seen by rules; `nemesis-rules` tests these.
`short` is the unit tests without those of SLOW_TESTS, `quick` is short and lint.

Two suites run at the same time (the machines that run this have two processors); e2e, which measures nothing but loads everything, and
equivalence and nemesis, which judge times, run alone; but sanitizers, which come last, are built beside them in the time that they leave.
"""

import concurrent.futures
import dataclasses
import functools
import json
import os
import pathlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from tests import coverage, fault_table, reports, sanitizers, tidy

ROOT = pathlib.Path(__file__).resolve().parent.parent
REPORTS = ROOT / "build" / "test-reports"
PYTHON = "/usr/bin/python3"
UNIT_TIMEOUT_SECONDS = 600
PYTEST_TIMEOUT_SECONDS = 2400
FUZZ_SECONDS = 10
FUZZ_MOMENT_SECONDS = 5
FUZZ_TIMEOUT_SECONDS = 300  # of one target: its corpus may be large
FUZZ_SCRIPT = str(ROOT / "lab" / "fuzz.sh")
FUZZ_MOMENT = (FUZZ_SCRIPT, "--unoptimised")
# A session of its own, of the least precedence.
AT_LEISURE = ("setsid", str(ROOT / "lab" / "at_leisure.sh"))
MUTANTS_FILTER = "*Mutant*"
MUTANTS_OF_PYTEST = ("healthcheck_equivalence/test_comparison.py", "nemesis/test_checker.py")
# Unit tests of more than 25 s: simulations, and what needs time to pass.
SLOW_TESTS = ("vrrp-simulation", "healthcheck-simulator", "control-sync")

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
         environment: dict[str, str] = SANITIZER_ENVIRONMENT) -> Outcome:
    """Every test that meson knows in that build directory and that is wanted. GoogleTest programs are counted by case, others by exit status."""
    outcome = Outcome()
    for test in tests_of(directory):
        if not is_wanted(test):
            continue
        report = REPORTS / variant / f"{test['name'].replace('/', '-').replace(' ', '-')}.xml"
        name = f"{variant} {test['name']}"
        if test["protocol"] == "gtest":
            command = [*fixed_addresses(variant), *test["cmd"], f"--gtest_output=xml:{report}"]
        else:
            command = ["/bin/sh", "-c", REPORT_OF_PLAIN_PROGRAM, "sh", str(report), *test["cmd"]]
        outcome.add(run_program(name, command, report, max(test["timeout"], UNIT_TIMEOUT_SECONDS), test["env"] | environment,
                                pathlib.Path(test["workdir"] or directory)))
    if outcome.passed + outcome.failed == 0:
        outcome.fail(f"{variant}: meson knows no test")
    return outcome


def pytest_suite(path: str) -> Outcome:
    """A folder of tests/, or a file in one."""
    report = REPORTS / f"{path}.xml"
    command = [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", f"tests/{path}"]
    return run_program(path, command, report, PYTEST_TIMEOUT_SECONDS, {"PYTHONDONTWRITEBYTECODE": "1"})


def sanitized(variant: str) -> Outcome:
    outcome = build(variant)
    if outcome.failed == 0:
        outcome.add(unit(variant, ROOT / f"build-{variant}"))
    return outcome


def build_sanitizers() -> Outcome:
    """What run_sanitizers() runs, in the time that others leave."""
    outcome = Outcome()
    for variant, programs in sanitizers.PROGRAMS.items():
        outcome.add(build(variant, (*programs, *sanitizers.HELPERS[variant]), AT_LEISURE))
    outcome.add(run_build("build fuzz targets", (*AT_LEISURE, *FUZZ_MOMENT, "--list")))
    return outcome


def run_sanitizers() -> Outcome:
    """Precondition: build_sanitizers() was."""
    outcome = Outcome()
    suites = []
    for variant in sanitizers.PROGRAMS:
        directory = ROOT / f"build-{variant}"
        for program in sanitizers.missing(variant, tests_of(directory)):
            outcome.fail(f"{variant}: {program} is no test")
        suites.append(functools.partial(unit, variant, directory, functools.partial(sanitizers.is_wanted, variant)))
    suites.append(functools.partial(fuzz, FUZZ_MOMENT, FUZZ_MOMENT_SECONDS))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for each in pool.map(lambda suite: suite(), suites):
            outcome.add(each)
    return outcome


def measured_coverage() -> Outcome:
    """The unit tests of the pure layers, and a test more for each layer's lines and for its branches."""
    outcome = build("coverage", ("build.ninja",))  # only configured: then meson knows the tests
    if outcome.failed:
        return outcome
    outcome.add(build("coverage", tuple(coverage.target(test) for test in tests_of(coverage.DIRECTORY) if coverage.is_wanted(test))))
    if outcome.failed:
        return outcome
    coverage.forget_counts()
    for _ in range(coverage.ROUNDS):
        outcome.add(unit("coverage", coverage.DIRECTORY, coverage.is_wanted, coverage.ENVIRONMENT))
    measured = coverage.measure()
    say(coverage.table(measured))
    baseline = coverage.read_baseline(coverage.BASELINE.read_text())
    for layer, shares in measured.items():
        for kind, share in shares.items():
            complaint = coverage.complaint(layer, kind, share, baseline)
            outcome.add(Outcome(failed=1, complaints=[complaint]) if complaint else Outcome(passed=1))
    if coverage.raised(baseline, measured) != baseline:
        say(f"better than {coverage.BASELINE.relative_to(ROOT)}: python3 -m tests.coverage raise")
    return outcome


def mutants() -> Outcome:
    """The tests that plant faults: those of every GoogleTest program that has some, and some files for pytest."""
    outcome = Outcome()
    for test in tests_of(ROOT / "build"):
        if test["protocol"] != "gtest" or not has_cases(test["cmd"], MUTANTS_FILTER):
            continue
        report = REPORTS / "mutants" / f"{test['name']}.xml"
        command = [*test["cmd"], f"--gtest_filter={MUTANTS_FILTER}", f"--gtest_output=xml:{report}"]
        outcome.add(run_program(f"mutants of {test['name']}", command, report, UNIT_TIMEOUT_SECONDS, test["env"]))
    for file in MUTANTS_OF_PYTEST:
        outcome.add(pytest_suite(file))
    say(f"tests that plant faults: {outcome.passed} passed, {outcome.failed} failed")
    return outcome


def has_cases(command: list[str], filter_: str) -> bool:
    listing = subprocess.run([*command, "--gtest_list_tests", f"--gtest_filter={filter_}"], capture_output=True, text=True)
    return any(line.startswith("  ") for line in listing.stdout.splitlines())


def fuzz(script: tuple[str, ...] = (FUZZ_SCRIPT,), seconds: int = FUZZ_SECONDS) -> Outcome:
    """A test for each fuzz target; libFuzzer reads seeds and corpus before it invents anything, so a known finding shows at once."""
    outcome = Outcome()
    listing = subprocess.run([*script, "--list"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if listing.returncode != 0:
        outcome.fail("build fuzz")
        say(f"---- fuzz.sh --list\n{listing.stderr[-6000:]}\n----")
        return outcome
    for target in listing.stdout.split():
        report = REPORTS / "fuzz" / f"{target}.xml"
        command = ["/bin/sh", "-c", REPORT_OF_PLAIN_PROGRAM, "sh", str(report), *script, target, str(seconds)]
        outcome.add(run_program(f"fuzz {target}", command, report, FUZZ_TIMEOUT_SECONDS, {}))
    return outcome


def tidied() -> Outcome:
    outcome = build(tidy.VARIANT, ("build.ninja",))
    if outcome.failed:
        return outcome

    def read(source: str) -> Outcome:
        name = pathlib.Path(source).stem.removesuffix("-unity0")
        report = REPORTS / "tidy" / f"{name}.xml"
        return run_program(f"tidy {name}", ["/bin/sh", "-c", REPORT_OF_PLAIN_PROGRAM, "sh", str(report), *tidy.command(source)], report,
                           UNIT_TIMEOUT_SECONDS, {})

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for each in pool.map(read, tidy.sources()):
            outcome.add(each)
    return outcome


SUITES = {
    "lint": lambda: pytest_suite("lint"),
    "nemesis-rules": lambda: pytest_suite("nemesis/test_checker.py"),
    "unit": lambda: unit("release", ROOT / "build"),
    "conformance": lambda: pytest_suite("ipvs_conformance"),
    "asan": lambda: sanitized("asan"),
    "tsan": lambda: sanitized("tsan"),
    "clang-asan": lambda: sanitized("clang-asan"),
    "clang-tsan": lambda: sanitized("clang-tsan"),
    "coverage": measured_coverage,
    "tidy": tidied,
    "fuzz": fuzz,
    "mutants": mutants,
    "short": lambda: unit("release", ROOT / "build", lambda test: test["name"] not in SLOW_TESTS),
    "differential": lambda: pytest_suite("ipvs_differential"),
    "e2e": lambda: pytest_suite("e2e"),
    "equivalence": lambda: pytest_suite("healthcheck_equivalence"),
    "nemesis": lambda: pytest_suite("nemesis/test_nemesis.py"),
    "sanitizers": run_sanitizers,
}
ALONE = ("e2e", "equivalence", "nemesis")
LAST = "sanitizers"
# Run by name only: another variant takes longer to build than all the rest takes to run, equivalence and nemesis assert times, which a
# busy machine may miss, tidy takes as long as half of e2e, differential and nemesis are others each time, and what mutants and short run is among the other tests.
BY_NAME = ("asan", "tsan", "clang-asan", "clang-tsan", "coverage", "tidy", "fuzz", "mutants", "short", "differential", "equivalence", "nemesis")
NEED_RELEASE_BUILD = ("unit", "conformance", "mutants", "short", "differential", "e2e", "equivalence", "nemesis")
# Among whose tests are those of all faults in docs/FAULTS.md.
TRY_FAULTS = {"unit", "e2e"}
# One name for several.
GROUPS = {"quick": ("lint", "nemesis-rules", "short")}


def faults(since: float) -> Outcome:
    """What this run has shown of each fault, said as a table; one test, which fails where a fault's tests have not been run."""
    table = fault_table.rows(fault_table.DOCUMENT.read_text(), fault_table.results(REPORTS, since))
    say(fault_table.text(table))
    missing = [row.fault for row in table if row.result == fault_table.NOT_RUN]
    return Outcome(failed=1, complaints=[f"docs/FAULTS.md: not run: {', '.join(missing)}"]) if missing else Outcome(passed=1)


def run_guarded(name: str, suite: Callable[[], Outcome] | None = None) -> Outcome:
    """A suite whose own machinery breaks is a failure, not the end of the run."""
    try:
        return (suite or SUITES[name])()
    except Exception as error:  # the closing line must come whatever happens
        outcome = Outcome()
        outcome.fail(f"{name}: {type(error).__name__}: {error}")
        return outcome


def main(arguments: list[str]) -> int:
    unknown = [name for name in arguments if name not in SUITES and name not in GROUPS]
    if unknown:
        print(f"no suite {', '.join(unknown)}; there are: {' '.join([*SUITES, *GROUPS])}", file=sys.stderr)
        return 2
    arguments = [one for name in arguments for one in GROUPS.get(name, (name,))]
    chosen = [name for name in SUITES if name in arguments or (not arguments and name not in BY_NAME)]
    total = Outcome()
    started = time.time()
    if any(name in NEED_RELEASE_BUILD for name in chosen):
        total.add(build("release"))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for outcome in pool.map(run_guarded, [name for name in chosen if name not in (*ALONE, LAST)]):
            total.add(outcome)
        built = pool.submit(run_guarded, LAST, build_sanitizers) if LAST in chosen else None
        for name in chosen:
            if name in ALONE:
                total.add(run_guarded(name))
    if built:
        total.add(built.result())
        total.add(run_guarded(LAST))
    if TRY_FAULTS.issubset(chosen):
        total.add(faults(started))
    if total.complaints:
        say("Failed:\n" + "\n".join(f"  {complaint}" for complaint in total.complaints))
    say(f"{total.passed} passed, {total.failed} failed" + (f", {total.skipped} skipped" if total.skipped else ""))
    return 0 if total.failed == 0 and total.passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
