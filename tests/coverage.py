"""What the unit tests of the pure layers execute: each layer's share of lines and branches, judged by what it has been.

    ./run test coverage                 measures, and judges
    python3 -m tests.coverage raise     makes the last measurement, where it is better, the least that the next one must reach

Line counts come from gcc's instrumentation of unoptimised code (lab/build.sh, coverage), and gcovr adds up the programs' counts. Of
branches, gcovr leaves out those in which nothing of ours is decided: that a call might throw (bad_alloc, at nearly every string and
vector), those that the compiler made on lines without code of ours (a brace that ends a scope), and the comparisons of a struct's
members that `= default` stands for. docs/TESTING.md says the same to who reads about tests.

What nothing executes is listed in build-coverage/uncovered.txt, as FILE:LINE: WHAT.
"""

import collections
import dataclasses
import json
import math
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
DIRECTORY = ROOT / "build-coverage"
BASELINE = ROOT / "tests" / "coverage.txt"
LAYERS = ("dataplane/packet", "dataplane/core", "vrrp", "sync", "healthcheck", "config")
# Sockets and libcurl: not pure.
NOT_PURE = "healthcheck/io"
# Programs that test them, but for VRRP's simulation, which compiles the layer anew and takes minutes.
PROGRAMS = re.compile(r"tests/((packet|core|vrrp|sync|healthcheck|config)/(?!io/|simulation/).*|test-fuzz-(config|(dns|echo|http|smtp)-reply))")
# So that two runs execute the same, and unoptimised programs end soon.
ENVIRONMENT = {"PENSTOCK_TEST_SEED": "1", "RC_PARAMS": "seed=1", "PENSTOCK_CONSISTENCY_STEPS": "100000", "PENSTOCK_SIMULATOR_SEQUENCES": "2000"}
# A process hashes with a secret of its own, so each run fills the tables' buckets in another way: what one doesn't meet another does.
ROUNDS = 3
# What the compiler compares, member by member.
DEFAULTED = r".*\boperator(==|<=>)\(.*= default;.*"
LEAST_PERCENT = {"line": 95.0, "branch": 90.0}
# Which of two threads comes first, and which secrets the processes had, decides over some branches.
TOLERANCE_PERCENT = 0.15


@dataclasses.dataclass
class Share:
    """How many of all there are were executed."""

    executed: int = 0
    total: int = 0

    @property
    def percent(self) -> float:
        return 100 * self.executed / self.total if self.total else 0

    @property
    def least_next_time(self) -> float:
        """Percent, rounded down to a tenth."""
        return math.floor(self.percent * 10) / 10


# A layer's name, then "line" or "branch".
Shares = dict[str, dict[str, Share]]
Percents = dict[str, dict[str, float]]


def is_wanted(test: dict) -> bool:
    """Whether a test, as meson describes it, is of a pure layer."""
    return PROGRAMS.fullmatch(target(test)) is not None


def target(test: dict) -> str:
    """What ninja calls a test's program."""
    return str(pathlib.Path(test["cmd"][0]).relative_to(DIRECTORY))


def forget_counts() -> None:
    """Those of an earlier run would be added to."""
    for file in DIRECTORY.rglob("*.gcda"):
        file.unlink()


def measure() -> Shares:
    """Adds up what the programs have counted, and writes down what nothing executed."""
    report = DIRECTORY / "coverage.json"
    filters = [word for layer in LAYERS for word in ("--filter", f"{layer}/")]
    subprocess.run(["gcovr", "--root", ".", *filters, "--exclude", f"{NOT_PURE}/", "--gcov-executable", "gcov-12", "-j", "2",
                    "--exclude-throw-branches", "--exclude-unreachable-branches", "--exclude-branches-by-pattern", DEFAULTED, "--json", str(report), str(DIRECTORY)],
                   cwd=ROOT, check=True)
    files = json.loads(report.read_text())["files"]
    (DIRECTORY / "uncovered.txt").write_text("".join(f"{line}\n" for file in files for line in uncovered(file)))
    return shares(files)


def shares(files: list[dict]) -> Shares:
    """Of each layer, from gcovr's files."""
    result: Shares = {layer: {"line": Share(), "branch": Share()} for layer in LAYERS}
    for file in files:
        layer = next(name for name in LAYERS if file["file"].startswith(f"{name}/"))
        for line in counted_lines(file):
            result[layer]["line"].total += 1
            result[layer]["line"].executed += line["count"] > 0
            result[layer]["branch"].total += len(line["branches"])
            result[layer]["branch"].executed += sum(branch["count"] > 0 for branch in line["branches"])
    return result


def counted_lines(file: dict) -> list[dict]:
    return [line for line in file["lines"] if not line["gcovr/noncode"]]


def uncovered(file: dict) -> list[str]:
    found = []
    for line in counted_lines(file):
        untaken = sum(branch["count"] == 0 for branch in line["branches"])
        if line["count"] == 0:
            found.append(f"{file['file']}:{line['line_number']}: never executed")
        elif untaken:
            found.append(f"{file['file']}:{line['line_number']}: {untaken} of {len(line['branches'])} branches never taken")
    return found


def read_baseline(text: str) -> Percents:
    """LAYER LINE-PERCENT BRANCH-PERCENT in each line but comments."""
    rows = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    return {layer: {"line": float(line), "branch": float(branch)} for layer, line, branch in rows}


def write_baseline(percents: Percents) -> str:
    rows = "".join(f"{layer:<17}{each['line']:>6.1f}{each['branch']:>7.1f}\n" for layer, each in percents.items())
    return f"# Least share of lines and of branches that the unit tests execute, in percent: tests/coverage.py. It may only rise.\n{rows}"


def raised(baseline: Percents, measured: Shares) -> Percents:
    return {layer: {kind: max(share.least_next_time, baseline.get(layer, {}).get(kind, 0)) for kind, share in each.items()}
            for layer, each in measured.items()}


def complaint(layer: str, kind: str, share: Share, baseline: Percents) -> str:
    """What is wrong with a layer's share; empty when it is well."""
    least = max(LEAST_PERCENT[kind], baseline.get(layer, {}).get(kind, 100) - TOLERANCE_PERCENT)
    return f"{layer}: {share.percent:.2f} % {kind} coverage, at least {least:g} % is wanted" if share.percent < least else ""


def table(measured: Shares) -> str:
    rows = collections.defaultdict(list)
    for layer, each in measured.items():
        for kind, share in each.items():
            rows[layer].append(f"{kind} {share.executed:>5} of {share.total:>5}, {share.percent:6.2f} %")
    return "\n".join(f"{layer:<17}" + "   ".join(words) for layer, words in rows.items())


def main(arguments: list[str]) -> int:
    if arguments != ["raise"]:
        print("usage: python3 -m tests.coverage raise", file=sys.stderr)
        return 2
    measured = shares(json.loads((DIRECTORY / "coverage.json").read_text())["files"])
    BASELINE.write_text(write_baseline(raised(read_baseline(BASELINE.read_text()), measured)))
    print(BASELINE.read_text(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
