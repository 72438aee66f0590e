"""`./run bench latency`: how long packets are in the director, at shares of its own greatest load, beside testpmd. Needs root.

    python3 -m lab.latency_bench [--seconds S] [--rounds N] [--flows N]

From the moment a packet comes (at a steady rate, whether it is fetched or not) to the moment it is given to the transmit queue. What comes while
1,024 are waiting is lost. penstockd is measured with its configuration at rest, and while it is read again ten times a second with other weights.
Both programs take turns. The rows also go to build/bench/latency.json.
"""

import argparse
import dataclasses
import os
import statistics
import sys
import time

from lab.bench_rows import machine, write_rows
from lab.lab import Lab
from lab.packet_loads import Delays, HugePages, Load, PenstockdUnderLoad, Program, Testpmd
from lab.waiting import wait_for

SHARES = (0.1, 0.5, 0.9)
PERCENTILES = (0.5, 0.9, 0.99, 0.999, 0.9999)
CHANGE_PERIOD_SECONDS = 0.1
# After a standstill: what came meanwhile is gone, and reported.
SETTLE_SECONDS = 0.3
WARM_UP = 1_000_000
MORE_THAN_ANYBODY = 1_000_000_000  # packets a second


@dataclasses.dataclass
class Row:
    program: str
    case: str
    flows: int
    # Of the most that this program forwards.
    share: float
    packets_per_second: int
    packets: int
    lost: int
    # By the share of packets that were not longer on their way.
    nanoseconds: dict[str, float]


def most_of_each(lab: Lab, flows: int, seconds: float, rounds: int) -> list[float]:
    """Packets a second that penstockd and testpmd send on when far more come; the median of the rounds."""
    load = Load(flows, rate=MORE_THAN_ANYBODY)
    programs: list[Program] = [PenstockdUnderLoad(lab, load)]
    try:
        wait_until_warm(programs[0], flows)
        programs.append(Testpmd(lab, load))
        wait_until_warm(programs[1], flows)
        return [statistics.median(measure(program, seconds).count / seconds for _ in range(rounds)) for program in programs]
    finally:
        for program in programs:
            program.stop()


def wait_until_warm(program: Program, flows: int) -> None:
    """Until all flows are there; it stands still then. The device counts more than has a time."""
    wait_for(f"{program.name} to send packets on", lambda: program.report.exists() and program.delays().count >= WARM_UP + flows, seconds=60)
    program.pause()


def measure(program: Program, seconds: float, change=None) -> Delays:
    """Of the packets of `seconds`; `change` is called now and then meanwhile. The program stands still before and after."""
    program.go_on()
    time.sleep(SETTLE_SECONDS)
    before = program.delays()
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if change:
            change()
        time.sleep(min(CHANGE_PERIOD_SECONDS, left))
    after = program.delays()
    program.pause()
    return after.since(before)


def total(parts: list[Delays]) -> Delays:
    packets: dict[float, int] = {}
    for part in parts:
        for delay, count in part.packets.items():
            packets[delay] = packets.get(delay, 0) + count
    return Delays(sum(part.lost for part in parts), packets)


def rows_at(lab: Lab, share: float, most: list[float], flows: int, seconds: float, rounds: int) -> list[Row]:
    ours, theirs = (int(share * rate) for rate in most)
    penstockd = PenstockdUnderLoad(lab, Load(flows, rate=ours))
    programs: list[Program] = [penstockd]
    try:
        wait_until_warm(penstockd, flows)
        testpmd = Testpmd(lab, Load(flows, rate=theirs))
        programs.append(testpmd)
        wait_until_warm(testpmd, flows)
        cases = [(testpmd, "", theirs, None), (penstockd, "configuration at rest", ours, None), (penstockd, "10 changes a second", ours, penstockd.change)]
        parts: list[list[Delays]] = [[] for _ in cases]
        for _ in range(rounds):
            for case, (program, _, _, change) in zip(parts, cases, strict=True):
                case.append(measure(program, seconds, change))
    finally:
        for program in programs:
            program.stop()
    rows = []
    for delays, (program, name, rate, _) in zip(map(total, parts), cases, strict=True):
        nanoseconds = {f"{percentile:g}": round(delays.percentile(percentile)) for percentile in (*PERCENTILES, 1)}
        rows.append(Row(program.name, name, flows, share, rate, delays.count, delays.lost, nanoseconds))
    return rows


def show(row: Row) -> None:
    microseconds = "".join(f"{value / 1000:9.1f}" for value in row.nanoseconds.values())
    print(f"{row.program:9} {row.case:22} {row.share:5.0%} {row.packets_per_second / 1e6:7.2f}{microseconds} {row.lost / (row.packets + row.lost):10.6%}", flush=True)


def run(flows: int, seconds: float, rounds: int) -> list[Row]:
    about = machine()
    print(f"{about['cpu']}, {about['cpus']} processors, load {about['load']}, huge pages set aside: {about['huge_pages']}; {flows:,} flows, "
          f"{rounds} rounds of {seconds:g} s\n"
          f"{'program':9} {'':22} {'load':>5} {'Mpps':>7}" + "".join(f"{f'{each:.4g} %':>9}" for each in (100 * share for share in PERCENTILES))
          + f"{'longest':>9} {'lost':>10}   (microseconds)", flush=True)
    lab = Lab(os.environ.get("LAB_ID", "latency"))
    rows: list[Row] = []
    try:
        (lab.directory / "pids").mkdir(parents=True, exist_ok=True)
        lab.network_up()
        most = most_of_each(lab, flows, min(seconds, 1), rounds)
        for share in SHARES:
            for row in rows_at(lab, share, most, flows, seconds, rounds):
                show(row)
                rows.append(row)
    finally:
        lab.down()
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description="How long packets are in the director.")
    parser.add_argument("--seconds", type=float, default=2, help="of each turn")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--flows", type=int, default=4096)
    arguments = parser.parse_args()
    with HugePages():
        rows = run(arguments.flows, arguments.seconds, arguments.rounds)
    print(f"rows: {write_rows('latency', [dataclasses.asdict(row) for row in rows])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
