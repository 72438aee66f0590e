"""`./run bench forward`: what a packet costs penstockd, beside testpmd on the same device. Needs root.

    python3 -m lab.forward_bench [--only WORD] [--seconds S] [--rounds N] [--most-flows N]

Both run at the same time, and take turns: one forwards while the other stands still. Of each case the median over the rounds is printed,
and that of the differences within a round. Then two penstockd, one with connection sync; and how long one takes to start. The rows also go to
build/bench/forward.json. Exit status 1 when a packet was lost, or the start took too long.
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
SIZES = (124, 252, 508, 1020, 1514)  # beside 60; without the FCS


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


@dataclasses.dataclass
class StartRow:
    program: str
    case: str
    connections: int
    seconds: float


def cases(most_flows: int) -> list[Case]:
    flows = [count for count in FLOWS if count <= most_flows]
    everything = [Case("established", Load(count, device="pcap")) for count in flows if count <= MOST_FLOWS_OF_PCAP]
    everything += [Case("established", Load(count), warm_up=2 * count + 2_000_000) for count in flows]
    everything += [Case("established, TCP", Load(count, protocol="tcp"), warm_up=2 * count + 2_000_000) for count in flows if count in (4096, 1_000_000)]
    everything += [Case("99 established to 1 new", Load(4096, new_each=100)), Case("each packet new", Load(1, new_each=1))]
    everything += [Case("established", Load(4096, size=size)) for size in SIZES]
    everything += [Case("established", Load(count), workers=2) for count in (256, 4096) if (os.cpu_count() or 1) > 1 and count <= most_flows]
    return everything


def by_turns(programs: list[Program], seconds: float, rounds: int) -> tuple[list[list[float]], list[dict[str, int]]]:
    """Of each round each program's nanoseconds a packet; and what each program dropped meanwhile, by reason."""
    figures, before = [], []
    for program in programs:
        program.go_on()
        before.append(program.drops())
        program.pause()
    for _ in range(rounds):
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
    return figures, dropped


def measure(lab: Lab, case: Case, seconds: float, rounds: int) -> tuple[list[Row], bool]:
    penstockd = PenstockdUnderLoad(lab, case.load, case.workers)
    programs: list[Program] = [penstockd]
    try:
        penstockd.wait_until_received(case.warm_up)
        penstockd.pause()
        programs.append(Testpmd(lab, case.load, case.workers))
        programs[1].wait_until_received(case.warm_up)
        figures, dropped = by_turns(programs, seconds, rounds)
    finally:
        for program in programs:
            program.stop()
    ours, theirs = (statistics.median(column) for column in zip(*figures, strict=True))
    more = statistics.median(mine - other for mine, other in figures)
    print(f"{case.name:24} {case.load.device:7} {case.load.flows:9,} {case.load.size:5} {case.workers:7} {ours:9.1f} {theirs:9.1f} {more:+9.1f} "
          f"{1000 / ours:9.1f}" + (f"  LOST {dropped}" if any(dropped) else ""), flush=True)
    rows = [Row(program.name, case.name, case.load.device, case.load.flows, case.load.size, case.workers, round(value, 2))
            for program, value in zip(programs, (ours, theirs), strict=True)]
    return rows, not any(dropped)


def measure_sync(lab: Lab, seconds: float, rounds: int) -> tuple[list[Row], bool]:
    """What connection sync takes away: penstockd with it beside penstockd without, each with 100,000 new TCP connections a second."""
    load = Load(4096, new_each=PACKETS_OF_A_CONNECTION, protocol="tcp")
    programs = [PenstockdUnderLoad(lab, load, node=node, connections=1 << 22, configuration=configuration)
                for node, configuration in ((topology.DIRECTOR, ""), (topology.DIRECTOR2, SYNC))]
    try:
        synced = programs[1]
        wait_for("the sync daemon", lambda: synced.daemon.penstock("ipvsadm", "-Ln", "--daemon").stdout.startswith("master"), seconds=60)
        figures, dropped = by_turns(programs, seconds, rounds)
        synced.go_on()
        shown = json.loads(synced.daemon.penstock("show", "sync", "--json").stdout)
    finally:
        for program in programs:
            program.stop()
    without, with_it = (statistics.median(column) for column in zip(*figures, strict=True))
    ratio = statistics.median(off / on for off, on in figures)
    print(f"connection sync: {1000 / without / PACKETS_OF_A_CONNECTION * 1e6:,.0f} new connections a second; off {without:.1f}, on {with_it:.1f} ns a packet; "
          f"rate on / off {ratio:.3f} (of {rounds} rounds, worst {min(off / on for off, on in figures):.3f})"
          + (f"  LOST {dropped}" if any(dropped) else "") + f"\n{shown}", flush=True)
    rows = [Row("penstock", f"connection sync {name}", load.device, load.flows, load.size, 1, round(value, 2))
            for name, value in (("off", without), ("on", with_it))]
    return rows, not any(dropped)


def measure_start(lab: Lab) -> tuple[list[StartRow], bool]:
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
    return [StartRow("penstock", "start to first packet", CONNECTIONS_OF_A_GIGABYTE, round(seconds, 3))], seconds <= START_BOUND_SECONDS


def measures(lab: Lab, arguments: argparse.Namespace) -> Iterator[tuple[str, Callable]]:
    """All that there is to measure, by name."""
    for case in cases(arguments.most_flows):
        yield f"{case.name} {case.load.device} {case.workers} workers", functools.partial(measure, lab, case, arguments.seconds, arguments.rounds)
    yield "connection sync", functools.partial(measure_sync, lab, arguments.seconds, arguments.rounds)
    yield "start", functools.partial(measure_start, lab)


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
          f"{'case':24} {'device':7} {'flows':>9} {'bytes':>5} {'workers':>7} {'penstock':>9} {'testpmd':>9} {'more':>9} {'Mpps':>9}", flush=True)
    lab = Lab(os.environ.get("LAB_ID", "forward"))
    rows: list[Row | StartRow] = []
    well = True
    try:
        (lab.directory / "pids").mkdir(parents=True, exist_ok=True)
        lab.network_up()
        for name, take in measures(lab, arguments):
            if arguments.only not in name:
                continue
            new_rows, is_well = take()
            rows += new_rows
            well = well and is_well
    finally:
        lab.down()
    print(f"rows: {write_rows('forward', [dataclasses.asdict(row) for row in rows])}" + ("" if well else "; packets were LOST, or the start was late"))
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
