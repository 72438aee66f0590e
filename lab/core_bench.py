"""`./run bench core`: what a packet costs in the core alone, without devices, at the processor's full speed; and what memory alone would take.

    python3 -m lab.core_bench [--build DIRECTORY]... [--rounds N] [--slices N] [--only WORD]

Several builds (of other commits, or with other options) take turns within each round, on the processor that is quietest then. Of each case the
median over the slices of 8,192 packets in which the processor ran at its full speed is printed (lab/pace.py), less what the making of the
packets takes; "-" where these were too few. The rows also go to build/bench/core.json.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys

from lab.bench_rows import machine, write_rows
from lab.pace import Slice, at_full_speed, best_probe, parse
from lab.packet_loads import HugePages
from lab.penstockd import build_directory

Case = tuple[str, int]  # its name and flows, as core-pace has them

MADE = ("packets made, nothing else", 4096)
MEMORY = "a line of memory each"
# Of the rounds that were asked for, at most, for a case to have enough slices at full speed.
MOST_ROUNDS = 4


def cases(build: pathlib.Path) -> list[Case]:
    listed = subprocess.run([build / "bench" / "core-pace"], capture_output=True, text=True, check=True).stdout
    return [(name, int(flows)) for flows, name in (line.split(" ", 1) for line in listed.splitlines())]


def slices_of(build: pathlib.Path, case: Case, count: int, processor: int) -> list[Slice]:
    name, flows = case
    command = ["taskset", "-c", str(processor), build / "bench" / "core-pace", name, str(flows), str(count)]
    return parse(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def quietest_processor(build: pathlib.Path) -> int:
    """That whose neighbours leave it most of its speed just now."""
    return min(os.sched_getaffinity(0), key=lambda processor: statistics.median(each.probe for each in slices_of(build, MADE, 200, processor)))


def measure(builds: list[pathlib.Path], wanted: list[Case], rounds: int, count: int) -> dict[Case, list[list[Slice]]]:
    """Of each case the slices of each build. Cases that had too few at full speed get more rounds."""
    measured: dict[Case, list[list[Slice]]] = {case: [[] for _ in builds] for case in wanted}
    lacking = wanted
    for number in range(MOST_ROUNDS * rounds):
        for case in wanted if number < rounds else lacking:
            processor = quietest_processor(builds[0])
            for build, slices in zip(builds, measured[case], strict=True):
                slices += slices_of(build, case, count, processor)
        best = best_of(measured)
        lacking = [case for case in wanted if any(at_full_speed(slices, best).ns_per_packet is None for slices in measured[case])]
        if number + 1 >= rounds and not lacking:
            break
    return measured


def best_of(measured: dict[Case, list[list[Slice]]]) -> float:
    return best_probe([each for of_builds in measured.values() for slices in of_builds for each in slices])


def tell(builds: list[pathlib.Path], measured: dict[Case, list[list[Slice]]]) -> list[dict]:
    """Prints the table. @return its rows."""
    best = best_of(measured)
    print(f"probe: {best:.0f} ns\n{'case':28} {'flows':>9}" + "".join(f"  {build.name:>12}" for build in builds))
    made = [at_full_speed(slices, best).ns_per_packet for slices in measured[MADE]]
    rows = []
    for case, of_builds in measured.items():
        print(f"{case[0]:28} {case[1]:9,}", end="")
        for build, slices, less in zip(builds, of_builds, made, strict=True):
            cost = at_full_speed(slices, best).ns_per_packet
            if cost is None or less is None:
                print(f"  {'-':>12}", end="")
                continue
            if case != MADE and case[0] != MEMORY:
                cost -= less
            print(f"  {cost:12.1f}", end="")
            rows.append({"program": str(build), "case": case[0], "flows": case[1], "ns_at_full_speed": round(cost, 2)})
        print(flush=True)
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description="The core alone, at full speed.")
    parser.add_argument("--build", type=pathlib.Path, action="append", help="to compare; by default the release build")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--slices", type=int, default=1000, help="of each turn")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    arguments = parser.parse_args()
    builds = arguments.build or [build_directory()]
    about = machine()
    print(f"{about['cpu']}, {about['cpus']} processors, load {about['load']}; {arguments.rounds} rounds of {arguments.slices} slices", flush=True)
    wanted = [case for case in cases(builds[0]) if case == MADE or arguments.only in case[0]]
    with HugePages():
        rows = tell(builds, measure(builds, wanted, arguments.rounds, arguments.slices))
    print(f"rows: {write_rows('core', rows)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
