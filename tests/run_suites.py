"""Builds the variants, runs every suite, and says in one closing line how many tests passed and failed.

    python3 -m tests.run_suites [unit|lint|nemesis-rules|conformance|simulation|sanitizers|tidy|alone|asan|tsan|clang-asan|clang-tsan|coverage|fuzz|mutants|short|quick|differential|e2e|equivalence|nemesis ...]

A sanitizer's variant (asan, tsan, clang-asan, clang-tsan) runs all unit tests, when it is named; `sanitizers` is what each run has of them:
the pure layers' tests and all fuzz targets for a moment under AddressSanitizer, and the tests with threads under ThreadSanitizer.
`simulation` is VRRP's million failovers, `unit` all other tests of the release build.

`coverage` runs the unit tests of the pure layers, counts what they execute, and fails where it is less than it was (tests/coverage.py).
`tidy` has clang-tidy read the product: a test for each library and program. `alone` compiles each header and each source of the product by itself.
`fuzz` replays each fuzz target's seeds and what earlier runs have learned, then fuzzes it for some seconds: a test for each target.
`mutants` runs the tests that plant faults (GoogleTest suites with "Mutant" in their name, and the comparison of health checks), which
prove that the nets can fail.
`differential` plays random scenarios to penstockd and to the kernel's IPVS.
`nemesis` does random faults to a pair of directors in the lab and judges what clients have seen by rules; `nemesis-rules` tests these.
`short` is the unit tests without those of SLOW_TESTS, `quick` is short and lint.

Two suites run at the same time (the machines that run this have two processors); e2e, which measures nothing but loads everything, and
equivalence and nemesis, which judge times, run alone. `simulation` and `sanitizers`, which only compute, have all the time that these leave:
they begin first, at the least precedence, and end last. Only ThreadSanitizer's tests, in which threads wait for each other, wait for their turn.
"""

import concurrent.futures
import functools
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable

from tests import alone, coverage, fault_table, sanitizers, tidy
from tests.programs import (AT_LEISURE, PATIENCE_AT_LEISURE, REPORTS, ROOT, UNIT_TIMEOUT_SECONDS, Outcome, build, plain, pytest_suite, run_build,
                            run_program, say, tests_of, unit)

FUZZ_SECONDS = 10
FUZZ_MOMENT_SECONDS = 5
FUZZ_TIMEOUT_SECONDS = 300  # of one target: its corpus may be large
FUZZ_SCRIPT = str(ROOT / "lab" / "fuzz.sh")
FUZZ_MOMENT = (FUZZ_SCRIPT, "--unoptimised")
MUTANTS_FILTER = "*Mutant*"
MUTANTS_OF_PYTEST = ("healthcheck_equivalence/test_comparison.py", "nemesis/test_checker.py")
SIMULATION = "vrrp-simulation"
# Unit tests of more than 25 s: what is simulated, and what needs time to pass.
SLOW_TESTS = (SIMULATION, "healthcheck-simulator", "control-sync")


def sanitized(variant: str) -> Outcome:
    outcome = build(variant)
    if outcome.failed == 0:
        outcome.add(unit(variant, ROOT / f"build-{variant}"))
    return outcome


def simulation() -> Outcome:
    return unit("release", ROOT / "build", lambda test: test["name"] == SIMULATION, prefix=AT_LEISURE)


def build_moment(variant: str) -> Outcome:
    """What `sanitizers` runs of that variant."""
    return build(variant, (*sanitizers.PROGRAMS[variant], *sanitizers.HELPERS[variant]), AT_LEISURE)


def run_moment(variant: str, prefix: tuple[str, ...] = ()) -> Outcome:
    """Precondition: build_moment() was."""
    outcome = Outcome()
    directory = ROOT / f"build-{variant}"
    for program in sanitizers.missing(variant, tests_of(directory)):
        outcome.fail(f"{variant}: {program} is no test")
    outcome.add(unit(variant, directory, functools.partial(sanitizers.is_wanted, variant), prefix=prefix, folder=f"sanitizers/{variant}"))
    return outcome


def address_sanitizer() -> Outcome:
    outcome = build_moment("clang-asan")
    outcome.add(run_build("build fuzz targets", (*AT_LEISURE, *FUZZ_MOMENT, "--list")))
    if outcome.failed == 0:
        outcome.add(run_moment("clang-asan", AT_LEISURE))
        outcome.add(fuzz(FUZZ_MOMENT, FUZZ_MOMENT_SECONDS, AT_LEISURE))
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


def fuzz(script: tuple[str, ...] = (FUZZ_SCRIPT,), seconds: int = FUZZ_SECONDS, prefix: tuple[str, ...] = ()) -> Outcome:
    """A test for each fuzz target; libFuzzer reads seeds and corpus before it invents anything, so a known finding shows at once."""
    outcome = Outcome()
    listing = subprocess.run([*prefix, *script, "--list"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if listing.returncode != 0:
        outcome.fail("build fuzz")
        say(f"---- fuzz.sh --list\n{listing.stderr[-6000:]}\n----")
        return outcome
    for target in listing.stdout.split():
        report = REPORTS / "fuzz" / f"{target}.xml"
        command = [*prefix, *plain(report, *script, target, str(seconds))]
        outcome.add(run_program(f"fuzz {target}", command, report, FUZZ_TIMEOUT_SECONDS * (PATIENCE_AT_LEISURE if prefix else 1), {}))
    return outcome


def tidied() -> Outcome:
    outcome = build(tidy.VARIANT, ("build.ninja",))
    if outcome.failed == 0:
        outcome.add(run_each("tidy", {pathlib.Path(source).stem.removesuffix("-unity0"): tidy.command(source) for source in tidy.sources()}))
    return outcome


def compiled_alone() -> Outcome:
    outcome = build("release", ("build.ninja",))
    if outcome.failed == 0:
        flags = alone.flags()
        outcome.add(run_each("alone", {str(file): alone.command(file, flags) for file in alone.files()}))
    return outcome


def run_each(suite: str, commands: dict[str, list[str]]) -> Outcome:
    """A test for each, two at a time."""
    def run(name: str) -> Outcome:
        report = REPORTS / suite / f"{name.replace('/', '-')}.xml"
        return run_program(f"{suite} {name}", plain(report, *commands[name]), report, UNIT_TIMEOUT_SECONDS, {})

    outcome = Outcome()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for each in pool.map(run, commands):
            outcome.add(each)
    return outcome


SUITES = {
    "lint": lambda: pytest_suite("lint"),
    "nemesis-rules": lambda: pytest_suite("nemesis/test_checker.py"),
    "unit": lambda: unit("release", ROOT / "build", lambda test: test["name"] != SIMULATION),
    "conformance": lambda: pytest_suite("ipvs_conformance"),
    "asan": lambda: sanitized("asan"),
    "tsan": lambda: sanitized("tsan"),
    "clang-asan": lambda: sanitized("clang-asan"),
    "clang-tsan": lambda: sanitized("clang-tsan"),
    "coverage": measured_coverage,
    "tidy": tidied,
    "alone": compiled_alone,
    "fuzz": fuzz,
    "mutants": mutants,
    "short": lambda: unit("release", ROOT / "build", lambda test: test["name"] not in SLOW_TESTS),
    "differential": lambda: pytest_suite("ipvs_differential"),
    "e2e": lambda: pytest_suite("e2e"),
    "equivalence": lambda: pytest_suite("healthcheck_equivalence"),
    "nemesis": lambda: pytest_suite("nemesis/test_nemesis.py"),
}
ALONE = ("e2e", "equivalence", "nemesis")
# The other suites: what of each only computes.
COMPUTING = {"sanitizers": address_sanitizer, "simulation": simulation}
# Run by name only: another variant takes longer to build than all the rest takes to run, equivalence and nemesis assert times, which a
# busy machine may miss, tidy and alone take as long as half of e2e, differential and nemesis are others each time, and what mutants and short run is among the other tests.
BY_NAME = ("asan", "tsan", "clang-asan", "clang-tsan", "coverage", "tidy", "alone", "fuzz", "mutants", "short", "differential", "equivalence", "nemesis")
NEED_RELEASE_BUILD = ("unit", "simulation", "conformance", "mutants", "short", "differential", "e2e", "equivalence", "nemesis")
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


def run_all(chosen: list[str]) -> Outcome:
    """Precondition: if one of NEED_RELEASE_BUILD is chosen, that is built."""
    total = Outcome()
    with concurrent.futures.ThreadPoolExecutor(2) as leisure, concurrent.futures.ThreadPoolExecutor(2) as front:
        threads_built = leisure.submit(run_guarded, "sanitizers", lambda: build_moment("clang-tsan")) if "sanitizers" in chosen else None
        computing = [leisure.submit(run_guarded, name, suite) for name, suite in COMPUTING.items() if name in chosen]
        for outcome in front.map(run_guarded, [name for name in chosen if name in SUITES and name not in ALONE]):
            total.add(outcome)
        for name in chosen:
            if name in ALONE:
                total.add(run_guarded(name))
        if threads_built:
            total.add(threads_built.result())
            total.add(run_guarded("sanitizers", lambda: run_moment("clang-tsan")))
        for suite in computing:
            total.add(suite.result())
    return total


def main(arguments: list[str]) -> int:
    known = [*SUITES, *COMPUTING]
    unknown = [name for name in arguments if name not in known and name not in GROUPS]
    if unknown:
        print(f"no suite {', '.join(unknown)}; there are: {' '.join([*known, *GROUPS])}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # an end at once: Python would wait for what is at work
    arguments = [one for name in arguments for one in GROUPS.get(name, (name,))]
    chosen = [name for name in known if name in arguments or (not arguments and name not in BY_NAME)]
    total = Outcome()
    started = time.time()
    if any(name in NEED_RELEASE_BUILD for name in chosen):
        total.add(build("release"))
    total.add(run_all(chosen))
    if TRY_FAULTS.issubset(chosen):
        total.add(faults(started))
    if total.complaints:
        say("Failed:\n" + "\n".join(f"  {complaint}" for complaint in total.complaints))
    say(f"{total.passed} passed, {total.failed} failed" + (f", {total.skipped} skipped" if total.skipped else ""))
    return 0 if total.failed == 0 and total.passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
