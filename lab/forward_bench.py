"""`./run bench forward`: what a packet costs penstockd, beside testpmd on the same device. Needs root.

    python3 -m lab.forward_bench [--only WORD] [--seconds S] [--rounds N] [--most-flows N]

Both run at the same time, and take turns: one forwards while the other stands still. Of each case the median over the rounds is printed,
and that of the differences within a round. Where the processor ran at its full speed for too short a time, more rounds are made. Then two
penstockd, one with connection sync; and how long one takes to start. At the end what both programs cost at full speed (lab/pace.py), and for
which share of the time the processor had it. The rows also go to build/bench/forward.json. Exit status 1 when a packet was lost, or the start
took too long.
"""

import argparse
import dataclasses
import functools
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator

from lab import topology
from lab.bench_rows import machine, write_rows
from lab.lab import Lab
from lab.pace import Slice, at_full_speed, best_probe
from lab.packet_loads import HugePages, Load, PenstockdUnderLoad, Program, Testpmd
from lab.waiting import wait_for

FLOWS = (1, 256, 4096, 32768, 262144, 1_000_000)
MOST_FLOWS_OF_PCAP = 32768
# So that some 10 million packets a second bring 100,000 new connections.
PACKETS_OF_A_CONNECTION = 100
# A master that stands still for longer than the master-down interval listens for another first. Each turn of the other program
# is such a time, so the interval is half a minute.
SYNC = ("global_defs {\n    lvs_sync_daemon eth0 VI_1\n}\nvrrp_instance VI_1 {\n    state MASTER\n    interface eth0\n    virtual_router_id 50\n"
        f"    priority 255\n    advert_int 10\n    virtual_ipaddress {{\n        {topology.VIP}/24\n    }}\n}}\n")
CONNECTIONS_OF_A_GIGABYTE = (1 << 30) // 16 * 9 // 10  # 16 bytes each, 90 % full
START_BOUND_SECONDS = 1
# What both programs drop by memif for: a generator that is preempted takes nothing back meanwhile.
FULL_WIRE = {"tx_queue_full", "TX-dropped"}
# Of the rounds that were asked for, at most, for the processor to run at its full speed in some.
MOST_ROUNDS = 5
SIZES = (124, 252, 508, 1020, 1514)  # beside 60; without the FCS


HEAD = f"{'case':24} {'device':7} {'flows':>9} {'bytes':>5} {'workers':>7}"


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    load: Load
    workers: int = 1
    # Packets that both have to see before anything is measured.
    warm_up: int = 2_000_000


@dataclasses.dataclass
class Row:
    program: str
    case: str
    device: str
    flows: int
    size: int
    workers: int
    ns_per_packet: float
    # None where the processor hardly ever ran at its full speed.
    ns_at_full_speed: float | None = None
    full_speed_share: float = 0

    @property
    def label(self) -> str:
        return f"{self.case:24} {self.device:7} {self.flows:9,} {self.size:5} {self.workers:7}"


@dataclasses.dataclass
class StartRow:
    program: str
    case: str
    connections: int
    seconds: float


def cases(most_flows: int) -> list[Case]:
    flows = [count for count in FLOWS if count <= most_flows]
    everything = [Case("established", Load(count, device="pcap")) for count in flows if count <= MOST_FLOWS_OF_PCAP]
    # Its generator needs a processor of its own.
    everything += [Case("established", Load(count, device="memif")) for count in (256, 32768) if (os.cpu_count() or 1) > 1 and count <= most_flows]
    everything += [Case("established", Load(count), warm_up=2 * count + 2_000_000) for count in flows]
    everything += [Case("established, TCP", Load(count, protocol="tcp"), warm_up=2 * count + 2_000_000) for count in flows if count in (4096, 1_000_000)]
    everything += [Case("99 established to 1 new", Load(4096, new_each=100)), Case("each packet new", Load(1, new_each=1))]
    everything += [Case("established", Load(4096, size=size)) for size in SIZES]
    everything += [Case("established", Load(count), workers=2) for count in (256, 4096) if (os.cpu_count() or 1) > 1 and count <= most_flows]
    return everything


@dataclasses.dataclass
class Measured:
    """`slices`: of each row's program, where there are any."""
    rows: list[Row] | list[StartRow]
    is_well: bool
    slices: list[list[Slice]] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Turns:
    """`figures`: of each round each program's nanoseconds a packet. `dropped`: by each program meanwhile, by reason. `slices`: of each program."""
    figures: list[list[float]]
    dropped: list[dict[str, int]]
    slices: list[list[Slice]]


def by_turns(programs: list[Program], seconds: float, rounds: int, most_rounds: int, best: float) -> Turns:
    """`best`: of the probes so far. More rounds than `rounds` are made where the processor ran at its full speed for too short a time."""
    figures, before, begun = [], [], []

    def slices() -> list[list[Slice]]:
        return [program.slices()[first:] for program, first in zip(programs, begun, strict=True)]

    def is_enough() -> bool:
        now = slices()
        limit = min(best, best_probe([each for of_program in now for each in of_program]))
        return all(at_full_speed(of_program, limit).ns_per_packet is not None for of_program in now)
    for program in programs:
        program.go_on()
        before.append(program.drops())
        program.pause()
        begun.append(len(program.slices()))
    while len(figures) < rounds or (len(figures) < most_rounds and not is_enough()):
        figures.append([])
        for program in programs:
            program.go_on()
            figures[-1].append(program.measure(seconds))
            program.pause()
    dropped = []
    for program, counts in zip(programs, before, strict=True):
        program.go_on()
        dropped.append({reason: count - counts[reason] for reason, count in program.drops().items() if count > counts[reason]})
        program.pause()
    return Turns(figures, dropped, slices())


def measure(lab: Lab, case: Case, seconds: float, rounds: int, best: float = float("inf")) -> Measured:
    penstockd = PenstockdUnderLoad(lab, case.load, case.workers)
    programs: list[Program] = [penstockd]
    try:
        penstockd.wait_until_received(case.warm_up)
        penstockd.pause()
        programs.append(Testpmd(lab, case.load, case.workers))
        programs[1].wait_until_received(case.warm_up)
        turns = by_turns(programs, seconds, rounds, MOST_ROUNDS * rounds, best)
    finally:
        for program in programs:
            program.stop()
    ours, theirs = (statistics.median(column) for column in zip(*turns.figures, strict=True))
    more = statistics.median(mine - other for mine, other in turns.figures)
    rows = [Row(program.name, case.name, case.load.device, case.load.flows, case.load.size, case.workers, round(value, 2))
            for program, value in zip(programs, (ours, theirs), strict=True)]
    print(f"{rows[0].label} {ours:9.1f} {theirs:9.1f} {more:+9.1f} {1000 / ours:9.1f} {len(turns.figures):6}"
          + (f"  LOST {turns.dropped}" if any(turns.dropped) else ""), flush=True)
    allowed = FULL_WIRE if case.load.device == "memif" else set()
    return Measured(rows, all(set(reasons) <= allowed for reasons in turns.dropped), turns.slices)


def tell_full_speed(measured: list[Measured]) -> None:
    """The second table; what stands in it also goes into the rows."""
    compared = [each for each in measured if each.slices]
    if not compared:
        return
    best = best_probe([slice_ for each in compared for of_program in each.slices for slice_ in of_program])
    print(f"\nwhile the processor ran at its full speed (probe: {best:.0f} ns)\n"
          f"{HEAD} {'penstock':>9} {'testpmd':>9} {'more':>9} {'ratio':>6} {'share':>6}", flush=True)
    for each in compared:
        for row, slices in zip(each.rows, each.slices, strict=True):
            found = at_full_speed(slices, best)
            row.full_speed_share = round(found.share, 3)
            row.ns_at_full_speed = found.ns_per_packet and round(found.ns_per_packet, 2)
        ours, theirs = each.rows
        if ours.ns_at_full_speed is None or theirs.ns_at_full_speed is None:
            print(f"{ours.label} {'-':>9} {'-':>9} {'-':>9} {'-':>6} {0:6.0%}")
            continue
        print(f"{ours.label} {ours.ns_at_full_speed:9.1f} {theirs.ns_at_full_speed:9.1f} {ours.ns_at_full_speed - theirs.ns_at_full_speed:+9.1f} "
              f"{ours.ns_at_full_speed / theirs.ns_at_full_speed:6.2f} {min(ours.full_speed_share, theirs.full_speed_share):6.0%}"
              + ("" if theirs.program == "testpmd" else f"  (beside {theirs.case})"))


def measure_sync(lab: Lab, seconds: float, rounds: int, best: float = float("inf")) -> Measured:
    """What connection sync takes away: penstockd with it beside penstockd without, each with 100,000 new TCP connections a second."""
    load = Load(4096, new_each=PACKETS_OF_A_CONNECTION, protocol="tcp")
    programs = [PenstockdUnderLoad(lab, load, node=node, connections=1 << 22, configuration=configuration)
                for node, configuration in ((topology.DIRECTOR, ""), (topology.DIRECTOR2, SYNC))]
    try:
        synced = programs[1]
        wait_for("the sync daemon", lambda: synced.daemon.penstock("ipvsadm", "-Ln", "--daemon").stdout.startswith("master"), seconds=60)
        turns = by_turns(programs, seconds, rounds, MOST_ROUNDS * rounds, best)
        synced.go_on()
        shown = json.loads(synced.daemon.penstock("show", "sync", "--json").stdout)
    finally:
        for program in programs:
            program.stop()
    without, with_it = (statistics.median(column) for column in zip(*turns.figures, strict=True))
    ratios = [off / on for off, on in turns.figures]
    print(f"connection sync: {1000 / without / PACKETS_OF_A_CONNECTION * 1e6:,.0f} new connections a second; off {without:.1f}, on {with_it:.1f} ns a packet; "
          f"rate on / off {statistics.median(ratios):.3f} (of {len(ratios)} rounds, worst {min(ratios):.3f})"
          + (f"  LOST {turns.dropped}" if any(turns.dropped) else "") + f"\n{shown}", flush=True)
    rows = [Row("penstock", f"connection sync {name}", load.device, load.flows, load.size, 1, round(value, 2))
            for name, value in (("on", with_it), ("off", without))]
    return Measured(rows, not any(turns.dropped), turns.slices[::-1])


def measure_start(lab: Lab) -> Measured:
    """From the start of the process to the first packet that it has forwarded, with a gigabyte of tables. An upper bound: it learns its servers'
    addresses from here, and is asked."""
    started = time.monotonic()
    penstockd = PenstockdUnderLoad(lab, Load(256), connections=CONNECTIONS_OF_A_GIGABYTE)
    try:
        wait_for("the first packet", lambda: penstockd.workers()[0]["actions"]["forwarded"] > 0, interval_seconds=0.001)
        seconds = time.monotonic() - started
    finally:
        penstockd.stop()
    print(f"start: first packet forwarded within {seconds:.2f} s (bound {START_BOUND_SECONDS}); room for {CONNECTIONS_OF_A_GIGABYTE:,} connections", flush=True)
    return Measured([StartRow("penstock", "start to first packet", CONNECTIONS_OF_A_GIGABYTE, round(seconds, 3))], seconds <= START_BOUND_SECONDS)


def measures(lab: Lab, arguments: argparse.Namespace) -> Iterator[tuple[str, Callable[[float], Measured]]]:
    """All that there is to measure, by name; each takes the best probe so far."""
    for case in cases(arguments.most_flows):
        yield f"{case.name} {case.load.device} {case.workers} workers", functools.partial(measure, lab, case, arguments.seconds, arguments.rounds)
    yield "connection sync", functools.partial(measure_sync, lab, arguments.seconds, arguments.rounds)
    yield "start", lambda _: measure_start(lab)


def main() -> int:
    parser = argparse.ArgumentParser(description="penstockd beside testpmd.")
    parser.add_argument("--seconds", type=float, default=1, help="of each turn")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--most-flows", type=int, default=FLOWS[-1])
    parser.add_argument("--only", default="", help="cases whose name or device contains this")
    arguments = parser.parse_args()
    with HugePages():
        return run(arguments)


def run(arguments: argparse.Namespace) -> int:
    about = machine()
    print(f"{about['cpu']}, {about['cpus']} processors, load {about['load']}, huge pages set aside: {about['huge_pages']}\n"
          f"{arguments.rounds} rounds, {arguments.seconds:g} s each program's turn; nanoseconds a packet, medians\n"
          f"{HEAD} {'penstock':>9} {'testpmd':>9} {'more':>9} {'Mpps':>9} {'rounds':>6}", flush=True)
    lab = Lab(os.environ.get("LAB_ID", "forward"))
    measured: list[Measured] = []
    best = float("inf")
    try:
        (lab.directory / "pids").mkdir(parents=True, exist_ok=True)
        lab.network_up()
        for name, take in measures(lab, arguments):
            if arguments.only not in name:
                continue
            measured.append(take(best))
            best = min(best, best_probe([each for slices in measured[-1].slices for each in slices]))
    finally:
        lab.down()
    tell_full_speed(measured)
    rows = [row for each in measured for row in each.rows]
    well = all(each.is_well for each in measured)
    print(f"rows: {write_rows('forward', [dataclasses.asdict(row) for row in rows])}" + ("" if well else "; packets were LOST, or the start was late"))
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
