"""`./run bench flood`: a SYN flood of random clients beside established connections. Needs root.

    python3 -m lab.flood_bench [--seconds S] [--flows N] [--connections N]

Behind each packet of an established connection come 0, 1, 9 or 99 SYNs of clients that never answer, as fast as the worker takes them. Its table has
room for fewer than come. Of the established connections' packets none may be lost: neither dropped nor, without its connection, given to the kernel;
and no memory may be added to what the process has. At the end what a packet costs at the processor's full speed (lab/pace.py). The rows also go to
build/bench/flood.json. Exit status 1 otherwise.
"""

import argparse
import dataclasses
import os
import sys

from lab.bench_rows import machine, write_rows
from lab.lab import Lab
from lab.meter import Meter
from lab.pace import Slice, at_full_speed, best_probe
from lab.packet_loads import DEFAULT_CONNECTIONS, HugePages, Load, PenstockdUnderLoad
from lab.waiting import wait_for

FLOODS = (0, 1, 9, 99)
WARM_UP = 2_000_000
# The process's own: its CLI's answers, its log.
SLACK_MIB = 4


@dataclasses.dataclass
class Row:
    program: str
    case: str
    flows: int
    connections: int
    ns_per_packet: float
    syns_per_second: int
    established_per_second: int
    established_lost: int
    evicted: int
    stateless: int
    mib_before: float
    mib_after: float
    # None where the processor hardly ever ran at its full speed.
    ns_at_full_speed: float | None = None

    @property
    def is_well(self) -> bool:
        return self.established_lost == 0 and self.mib_after < self.mib_before + SLACK_MIB


def measure(lab: Lab, flood: int, flows: int, connections: int, seconds: float) -> tuple[Row, list[Slice]]:
    program = PenstockdUnderLoad(lab, Load(flows, protocol="tcp", syn_flood=flood), connections=connections)
    try:
        # All connections are there, the flood has filled the table, and each packet buffer has been used: without huge pages that is memory.
        wait_for("the connections", lambda: program.workers()[0]["connections_v4"]["used"] >= flows, seconds=120)
        program.wait_until_received(3 * connections + 10 * flows + WARM_UP)
        memory = Meter(program.daemon).memory_mib()
        (before,) = program.workers()
        drops = program.drops()
        begun = len(program.slices())
        cost = program.measure(seconds)
        (after,) = program.workers()
        dropped = sum(count - drops[reason] for reason, count in program.drops().items())
        memory_after = Meter(program.daemon).memory_mib()
        slices = program.slices()[begun:]
    finally:
        program.stop()
    lost = dropped + after["actions"]["punted"] - before["actions"]["punted"]
    rate = 1e9 / cost
    row = Row("penstock", f"{flood} SYNs behind each packet", flows, connections, round(cost, 1), round(rate * flood / (flood + 1)),
              round(rate / (flood + 1)), lost, *(after["table_full"][name] - before["table_full"][name] for name in ("evicted", "stateless")),
              round(memory, 1), round(memory_after, 1))
    return row, slices


def show(row: Row) -> None:
    print(f"{row.case:30} {row.ns_per_packet:7.1f} {row.syns_per_second:13,} {row.established_per_second:13,} {row.established_lost:7,} "
          f"{row.evicted:13,} {row.stateless:10,} {row.mib_before:8.1f} {row.mib_after:8.1f}", flush=True)


def run(floods: tuple[int, ...], flows: int, connections: int, seconds: float) -> list[Row]:
    about = machine()
    print(f"{about['cpu']}, {about['cpus']} processors, load {about['load']}, huge pages set aside: {about['huge_pages']}; {flows:,} connections, room for "
          f"{connections:,}, {seconds:g} s each\n"
          f"{'case':30} {'ns':>7} {'SYNs/s':>13} {'established/s':>13} {'lost':>7} {'gave way':>13} {'stateless':>10} {'MiB':>8} {'after':>8}", flush=True)
    lab = Lab(os.environ.get("LAB_ID", "flood"))
    measured: list[tuple[Row, list[Slice]]] = []
    try:
        (lab.directory / "pids").mkdir(parents=True, exist_ok=True)
        lab.network_up()
        for flood in floods:
            measured.append(measure(lab, flood, flows, connections, seconds))
            show(measured[-1][0])
    finally:
        lab.down()
    best = best_probe([each for _, slices in measured for each in slices])
    for row, slices in measured:
        row.ns_at_full_speed = at_full_speed(slices, best).ns_per_packet
        print(f"{row.case:30} " + ("-" if row.ns_at_full_speed is None else f"{row.ns_at_full_speed:.1f} ns at the processor's full speed"))
    return [row for row, _ in measured]


def main() -> int:
    parser = argparse.ArgumentParser(description="A SYN flood beside established connections.")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--flows", type=int, default=4096)
    parser.add_argument("--connections", type=int, default=DEFAULT_CONNECTIONS)
    arguments = parser.parse_args()
    with HugePages():
        rows = run(FLOODS, arguments.flows, arguments.connections, arguments.seconds)
    print(f"rows: {write_rows('flood', [dataclasses.asdict(row) for row in rows])}")
    return 0 if all(row.is_well for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
