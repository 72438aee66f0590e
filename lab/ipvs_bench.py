"""`./run bench ipvs`: what a packet costs the kernel's IPVS, its plain forwarding, penstockd and testpmd, side by side. Needs root.

    python3 -m lab.ipvs_bench [--here] [--packets N] [--rounds N]

Without --here in a QEMU guest with Debian's kernel whose clock counts instructions (lab/guest/qemu.sh -i): the same figures in each run, on
any machine, and no statement on caches. With --here on this machine and its kernel, which must have ip_vs and pktgen: nanoseconds of the
processor's time. 60-byte UDP over one virtual service of three real servers (rr, direct routing), from 1 client, from 4,096, and each packet
from a new one. Kernel: lab/kernel_path.py; penstockd and testpmd (macswap): lab/packet_loads.py, a net_null that bench/source
fills. What both kinds have to do before a director's own work is in "base": for the kernel a packet that ends at reception (its making
and the veth included), for DPDK testpmd's.
"""

import argparse
import dataclasses
import functools
import itertools
import json
import os
import pathlib
import statistics
import subprocess
import sys
from collections.abc import Iterator

from lab.bench_rows import write_rows
from lab.kernel_path import KernelPath
from lab.lab import Lab
from lab.packet_loads import DEFAULT_CONNECTIONS, Load, PenstockdUnderLoad, Program, Testpmd
from lab.penstockd import ROOT, build_directory

FLOWS = (1, 4096)
GUEST_MIB = 4096
GUEST_SECONDS = 1500
# Of each round of a DPDK program's.
DPDK_PACKETS = 500_000


@dataclasses.dataclass
class Row:
    program: str
    case: str
    flows: int
    cost: float
    beyond_base: float

    def __str__(self) -> str:
        return f"{self.program:10} {self.case:24} {self.flows:8,} {self.cost:9,.0f} {self.beyond_base:9,.0f}"


def kernel_rows(lab: Lab, packets: int, rounds: int) -> Iterator[Row]:
    with KernelPath(lab) as path:
        base = path.dropped(packets, rounds)
        yield Row("linux", "received and dropped", 1, base, 0)
        routed = path.forwarded(packets, rounds)
        yield Row("linux", "forwarded by a route", 1, routed, routed - base)
        for flows in FLOWS:
            established = path.balanced(packets, rounds, flows)
            yield Row("ipvs", "established", flows, established, established - base)
        new = path.begun(packets, rounds)
        yield Row("ipvs", "each packet new", packets, new, new - base)


def worker_nanoseconds(program: Program) -> int:
    """Processor time of its forwarding threads."""
    tasks = pathlib.Path(f"/proc/{program.pid}/task").iterdir()
    workers = [task for task in tasks if "worker" in (task / "comm").read_text()]
    if not workers:
        raise RuntimeError(f"{program.name} has no worker thread")
    return sum(int((task / "schedstat").read_text().split()[0]) for task in workers)


def cost(program: Program, rounds: int, packets: int) -> float:
    """Nanoseconds of its worker a packet, median over rounds of so many packets and some more."""

    def reading() -> tuple[float, int]:
        # Asking takes processor time, and the worker goes on meanwhile.
        before, received = worker_nanoseconds(program), program.received()
        return (before + worker_nanoseconds(program)) / 2, received

    figures = []
    for _ in range(rounds):
        time_before, before = reading()
        program.wait_until_received(before + packets)
        time_after, after = reading()
        figures.append((time_after - time_before) / (after - before))
    return statistics.median(figures)


def dpdk_rows(lab: Lab, rounds: int, packets: int = DPDK_PACKETS) -> Iterator[Row]:
    subprocess.run(["modprobe", "tun"], check=False)  # built in, or a container's host has it
    lab.network_up()
    for case, load in [("established", Load(flows)) for flows in FLOWS] + [("each packet new", Load(1, new_each=1))]:
        base = None
        # Room for all that begin, as in a full table none does; and no more, because room has to be swept.
        room = (rounds + 2) * packets if load.new_each else load.flows
        for make in (Testpmd, functools.partial(PenstockdUnderLoad, connections=max(room, DEFAULT_CONNECTIONS))):
            program = make(lab, load)
            try:
                program.wait_until_received(load.flows + 100_000)
                figure = cost(program, rounds, packets)
            finally:
                program.stop()
            base = figure if base is None else base
            yield Row(program.name, case, load.flows, figure, figure - base)


def measure_here(arguments: argparse.Namespace) -> list[Row]:
    lab = Lab(os.environ.get("LAB_ID", "ipvs"))
    rows = []
    try:
        (lab.directory / "pids").mkdir(parents=True, exist_ok=True)
        for row in itertools.chain(kernel_rows(lab, arguments.packets, arguments.rounds), dpdk_rows(lab, arguments.rounds)):
            rows.append(row)
            print(row, flush=True)
    finally:
        lab.down()
    return rows


def measure_in_guest(arguments: argparse.Namespace) -> list[Row]:
    """The same in a guest, by this program."""
    out = build_directory() / "guest-ipvs-bench"
    out.mkdir(parents=True, exist_ok=True)
    rows = out / "rows.json"
    rows.unlink(missing_ok=True)
    guest = subprocess.run([ROOT / "lab/guest/qemu.sh", "-i", "-m", str(GUEST_MIB), "-t", str(GUEST_SECONDS), out, "env", "PYTHONDONTWRITEBYTECODE=1",
                            f"PENSTOCK_BUILD={build_directory()}", "/usr/bin/python3", "-m", "lab.ipvs_bench", "--here", "--rows", str(rows),
                            "--packets", str(arguments.packets), "--rounds", str(arguments.rounds)])
    if guest.returncode != 0 or not rows.exists():
        sys.exit(f"the guest ended with {guest.returncode}:\n{(out / 'output.log').read_text(errors='replace')[-4000:]}")
    return [Row(**row) for row in json.loads(rows.read_text())]


def main() -> int:
    parser = argparse.ArgumentParser(description="The kernel's IPVS beside penstockd.")
    parser.add_argument("--here", action="store_true", help="this machine's kernel, in nanoseconds, instead of a guest's, in instructions")
    parser.add_argument("--packets", type=int, default=50_000, help="of each round of the kernel's")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=pathlib.Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    rows = measure_here(arguments) if arguments.here else measure_in_guest(arguments)
    if arguments.rows:
        arguments.rows.write_text(json.dumps([dataclasses.asdict(row) for row in rows]))
        return 0
    unit = "ns_per_packet" if arguments.here else "instructions_per_packet"
    print(f"{unit.replace('_', ' ')}\n{'program':10} {'case':24} {'flows':>8} {'all':>9} {'- base':>9}")
    print(*rows, sep="\n")
    named = [{"program": row.program, "case": row.case, "flows": row.flows, "workers": 1, unit: round(row.cost, 1),
              "beyond_base": round(row.beyond_base, 1)} for row in rows]
    print(f"rows: {write_rows('ipvs', named)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
