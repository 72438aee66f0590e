#!/usr/bin/python3
"""The gate on what a packet costs in the core: instructions by valgrind's callgrind, beside the baseline in this folder.

    core_cost.py PROGRAM BASELINE_FILE [--update]

PROGRAM is core-cost, which names the cases. A case that costs 1 % more than the baseline fails; one that costs 1 % less does so, too, because the baseline
would hide the next change for the worse: --update writes the new one. What a case costs is the difference between a long and a short
run, without what comes before the first packet; the processing alone is counted, not the making of the packets.
"""

import argparse
import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys
import tempfile

SHORT, LONG = 6_400, 38_400  # packets, in whole bursts
TOLERANCE = 0.01
COUNTED = "penstock::core::Forwarder::process(*"


def instructions(program: str, case: str, packets: int) -> int:
    with tempfile.TemporaryDirectory() as directory:
        output = pathlib.Path(directory) / "out"
        result = subprocess.run(["valgrind", "--tool=callgrind", f"--toggle-collect={COUNTED}", f"--callgrind-out-file={output}", program, case, str(packets)],
                                capture_output=True, text=True)
        if result.returncode != 0:
            sys.exit(f"{case}, {packets} packets: exit status {result.returncode}\n{result.stderr}")
        return int(re.search(r"^(?:summary|totals): (\d+)", output.read_text(), re.MULTILINE)[1])


def cost(program: str, case: str) -> float:
    """Instructions per packet."""
    spent = instructions(program, case, LONG) - instructions(program, case, SHORT)
    if spent <= 0:
        sys.exit(f"{case}: no instruction was counted: is there no {COUNTED} any more?")
    return spent / (LONG - SHORT)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("baseline", type=pathlib.Path)
    parser.add_argument("--update", action="store_true")
    arguments = parser.parse_args()
    baseline = json.loads(arguments.baseline.read_text())
    cases = subprocess.run([arguments.program], capture_output=True, text=True, check=True).stdout.splitlines()

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        costs = dict(zip(cases, pool.map(lambda case: round(cost(arguments.program, case), 1), cases), strict=True))
    others = cases != list(baseline)
    for case, now in costs.items():
        before = baseline.get(case, 0)
        change = now / before - 1 if before else float("inf")
        others |= abs(change) > TOLERANCE
        print(f"{case:36} {now:6.1f} instructions a packet, {change:+.1%} of {before}")
    if arguments.update:
        arguments.baseline.write_text(json.dumps(costs, indent=2) + "\n")
        return 0
    if others:
        print(f"Other cases or costs than the baseline's. If it is meant to be so: {sys.argv[0]} {arguments.program} {arguments.baseline} --update")
    return others


if __name__ == "__main__":
    sys.exit(main())
