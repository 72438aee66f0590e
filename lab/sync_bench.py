"""`./run bench sync`: the full dump of connections for a director that has just started. Needs root.

    python3 -m lab.sync_bench [--connections N] [--runs N]

Two penstockd: one is MASTER of two virtual routers (version 2, an advert each second; version 3, each 0.1 s) and has N connections, each of
another client; then the other one starts, asks for a dump and gets it. Once with connections that began on the master by their packets, once
with as many that it has learned from a peer and no packet has used. Exit status 1 when in any run the dump takes longer than its bound, a connection
doesn't arrive, a datagram is lost, a state changes or an advert is late. A machine with something else to do delays some without any dump: what
adverts were like before, and what the hypervisor took away, is printed beside them.
"""

import argparse
import dataclasses
import json
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator

from lab import flood_frames, sync_wire, topology
from lab.lab import Lab
from lab.meter import Meter, stolen_seconds
from lab.penstockd import Penstockd
from lab.sockets import socket_in
from lab.sync_wire import Entry
from lab.vrrp_wire import VrrpWire
from lab.waiting import wait_for

BOUND_SECONDS = 10
# Of the fast router's interval a tenth.
LATENESS_BOUND_SECONDS = 0.01
# VRID and seconds between two adverts.
SLOW, FAST = (50, 1.0), (51, 0.1)
PORT, CLIENT_PORT = 5000, 40000
# Adverts of the slow router that are heard in peace, to compare with.
QUIET_ADVERTS = 6
# What af_packet's ring takes without losing much; frames that it lost are sent again.
FRAMES_A_SECOND, FRAMES_AT_ONCE, PASSES = 100_000, 100, 10
# Into a message of 1472 bytes go so many entries; so many messages wait in the daemon without loss.
ENTRIES, MESSAGES_AT_ONCE = 40, 200


def instance(name: str, router: tuple[int, float], version: int, vip: str, is_master: bool) -> str:
    vrid, interval = router
    return (f"vrrp_instance {name} {{\n    state {'MASTER' if is_master else 'BACKUP'}\n    interface eth0\n    virtual_router_id {vrid}\n"
            f"    priority {100 if is_master else 90}\n    version {version}\n    advert_int {interval:g}\n"
            f"    virtual_ipaddress {{\n        {vip}\n    }}\n}}\n")


def configuration(is_master: bool) -> str:
    servers = "".join(f"    real_server {server.address} {PORT} {{\n        weight 1\n    }}\n" for server in topology.REAL_SERVERS)
    return ("global_defs {\n    lvs_sync_daemon eth0 VI_1\n}\n" + instance("VI_1", SLOW, 2, topology.VIP, is_master)
            + instance("VI_2", FAST, 3, "192.168.1.201", is_master)
            + f"virtual_server {topology.VIP} {PORT} {{\n    lb_algo rr\n    lb_kind DR\n    protocol UDP\n{servers}}}\n")


def sync(daemon: Penstockd) -> dict:
    return json.loads(daemon.penstock("show", "sync", "--json").stdout)


def clients(count: int) -> Iterator[bytes]:
    """10.0.0.1 and what follows it."""
    return ((0x0A000001 + number).to_bytes(4, "big") for number in range(count))


# Where a master's connections come from


def frames(count: int) -> Iterator[bytes]:
    """A datagram of each client to the service."""
    plain = flood_frames.udp(topology.CLIENT.mac, topology.DIRECTOR.mac, "0.0.0.0", topology.VIP, CLIENT_PORT, PORT)
    without_checksum = plain[14:24] + bytes(2)
    for client in clients(count):
        checksum = flood_frames.checksum(without_checksum + client + plain[30:34])
        yield plain[:24] + checksum.to_bytes(2, "big") + client + plain[30:]


def in_use(daemon: Penstockd) -> int:
    return sum(worker["connections_v4"]["used"] for worker in json.loads(daemon.penstock("show", "workers", "--json").stdout))


def begin(lab: Lab, daemon: Penstockd, count: int) -> None:
    """Their packets come to the director, and a worker has each."""
    with socket_in(lab.namespace(topology.CLIENT.name), socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind((topology.CLIENT.interface, 0))
        for _ in range(PASSES):
            due = time.monotonic()
            for number, frame in enumerate(frames(count), 1):
                sender.send(frame)
                if number % FRAMES_AT_ONCE == 0:
                    due += FRAMES_AT_ONCE / FRAMES_A_SECOND
                    time.sleep(max(0.0, due - time.monotonic()))
            if in_use(daemon) == count:
                return
    raise RuntimeError(f"{in_use(daemon)} of {count} connections after {PASSES} passes")


def messages(count: int) -> Iterator[bytes]:
    """IPVS's messages of them."""
    server = topology.REAL_SERVERS[0].address
    plain = sync_wire.entry_bytes(Entry("0.0.0.0", CLIENT_PORT, topology.VIP, PORT, server, PORT, sync_wire.UDP, sync_wire.INACTIVE, 0, 300))
    head, tail = plain[:sync_wire.ENTRY.size], plain[sync_wire.ENTRY.size + 4:]
    entries = [head + client + tail for client in clients(count)]
    return (sync_wire.message_bytes(SLOW[0], entries[first:first + ENTRIES]) for first in range(0, count, ENTRIES))


def learn(lab: Lab, daemon: Penstockd, count: int) -> None:
    """A peer tells of them, and they wait for their packets."""
    with sync_wire.sender(lab, topology.CLIENT) as sender:
        for number, message in enumerate(messages(count), 1):
            sender.send(message)
            if number % MESSAGES_AT_ONCE == 0:
                wait_for("the messages", lambda number=number: sync(daemon)["received"]["datagrams"] >= number)
    wait_for("the connections", lambda: sync(daemon)["kept"]["waiting"] == count)


SOURCES: dict[str, Callable[[Lab, Penstockd, int], None]] = {"its own": begin, "learned": learn}


# The dump


@dataclasses.dataclass(frozen=True)
class Punctuality:
    """Of one router's adverts: how much later than its interval the latest was, and how many there should have been more."""
    worst_lateness_seconds: float
    missed: int

    def __str__(self) -> str:
        return f"{self.worst_lateness_seconds * 1000:+.2f} ms" + (f", {self.missed} missed" if self.missed else "")


def punctuality(wire: VrrpWire, router: tuple[int, float], begin: float, end: float) -> Punctuality:
    """From the last advert before `begin` to the first after `end`, seconds of the wire's clock."""
    vrid, interval = router
    times = [advert.time for advert in wire.adverts(topology.DIRECTOR.name, vrid)]
    gaps = [later - earlier for earlier, later in zip(times, times[1:], strict=False) if later > begin and earlier < end]
    return Punctuality(max(gaps) - interval, sum(max(round(gap / interval) - 1, 0) for gap in gaps))


@dataclasses.dataclass(frozen=True)
class Dump:
    """What came of one, as soon as it was through."""
    seconds: float
    datagrams: int
    lost_datagrams: int
    # Connections that the one who asked has.
    kept: int
    refused: dict[str, int]
    # Entries that the master gave up, of all kinds.
    given_up: int
    # Frames that either of the two dropped since its start, by name.
    drops: tuple[dict[str, int], dict[str, int]]
    # By what interval: before the other one started, while it started, and while the dump ran.
    quiet: dict[float, Punctuality]
    start: dict[float, Punctuality]
    adverts: dict[float, Punctuality]
    # How often one of the two has changed its state.
    transitions: int
    # Of one processor, by thread, in this time: of the master, and of the other one.
    cpu: tuple[dict[str, float], dict[str, float]]
    stolen_seconds: float

    def failures(self, count: int) -> list[str]:
        """What isn't as it must be, whatever the machine is like."""
        found = [(self.kept != count, f"{count - self.kept} connections are missing"),
                 (self.lost_datagrams != 0, f"{self.lost_datagrams} datagrams lost (dropped by the master: {self.drops[0]}, by the other one: {self.drops[1]})"),
                 (bool(self.refused), f"refused: {self.refused}"), (self.given_up != 0, f"{self.given_up} entries given up"),
                 (self.transitions != 0, f"{self.transitions} changes of a VRRP state")]
        return [text for is_so, text in found if is_so]

    def has_late_adverts(self) -> bool:
        return any(each.worst_lateness_seconds > LATENESS_BOUND_SECONDS for each in self.adverts.values())


def drops(daemon: Penstockd) -> dict[str, int]:
    """Of its workers, and what its kernel had no room for on the way to them."""
    counted = {each["reason"]: each["packets"] for each in json.loads(daemon.penstock("show", "drops", "--json").stdout)}
    tap = json.loads(daemon.lab.run(daemon.node.name, "ip", "-s", "-j", "link", "show", "dev", "eth0").stdout)[0]["stats64"]["tx"]["dropped"]
    return {name: count for name, count in {**counted, "tap_full": tap}.items() if count}


def transitions(daemon: Penstockd) -> int:
    shown = json.loads(daemon.penstock("show", "vrrp", "--json").stdout)["instances"]
    return sum(each["counters"]["became_master"] + each["counters"]["released_master"] for each in shown)


def shares(before: dict[str, float], after: dict[str, float], seconds: float) -> dict[str, float]:
    return {name: (used - before.get(name, 0)) / seconds for name, used in after.items()}


def both(wire: VrrpWire, begin: float, end: float) -> dict[float, Punctuality]:
    return {router[1]: punctuality(wire, router, begin, end) for router in (SLOW, FAST)}


class Pair:
    """A master, and another one that comes when it has its connections. A context manager: both are stopped."""

    def __init__(self, lab: Lab, count: int):
        self._lab = lab
        self._count = count
        room = ("--connections", str(max(count * 5 // 4, 1024)))
        self.master = Penstockd(lab, node=topology.DIRECTOR, extra=room)
        self.other = Penstockd(lab, node=topology.DIRECTOR2, extra=room)

    def __enter__(self) -> "Pair":
        return self

    def __exit__(self, *_) -> None:
        self.other.stop()
        self.master.stop()

    def fill(self, source: Callable[[Lab, Penstockd, int], None]) -> None:
        self.master.log.unlink(missing_ok=True)
        self.other.log.unlink(missing_ok=True)
        self.master.start(configuration(is_master=True))
        wait_for("the master's part", lambda: sync(self.master)["daemon"]["role"] == "master")
        source(self._lab, self.master, self._count)

    def dump(self) -> Dump:
        """Start the other one, and wait until it has had its dump."""
        slow_vrid = SLOW[0]
        with VrrpWire(self._lab) as wire:
            wait_for("adverts in peace", lambda: len(wire.adverts(topology.DIRECTOR.name, slow_vrid)) >= QUIET_ADVERTS)
            sent, states = sync(self.master)["sent"], transitions(self.master)
            launched, stolen = time.time(), stolen_seconds()
            self.other.launch(configuration(is_master=False))

            def heard(words: str) -> float | None:
                return next((note.time for note in wire.notes(topology.DIRECTOR.name) if note.words == words), None)

            began = wait_for("the dump to begin", lambda: heard("dump begins"), seconds=180, interval_seconds=0.005)
            meters, asked = (Meter(self.master), Meter(self.other)), time.monotonic()
            used = [meter.cpu_seconds() for meter in meters]
            ended = wait_for("the dump to end", lambda: heard("dump ends"), seconds=120, interval_seconds=0.005)
            took = time.monotonic() - asked
            cpu = tuple(shares(before, meter.cpu_seconds(), took) for before, meter in zip(used, meters, strict=True))
            wait_for("the dump's end at the other one", lambda: sync(self.other)["dumps"]["received"] == 1)
            wait_for("adverts after it", lambda: all(wire.adverts(topology.DIRECTOR.name, vrid)[-1].time > ended for vrid, _ in (SLOW, FAST)))
            return self._result(wire, sent, states, (launched, began, ended), cpu, stolen_seconds() - stolen)

    def _result(self, wire: VrrpWire, sent: dict, states: int, times: tuple[float, float, float],
                cpu: tuple[dict[str, float], dict[str, float]], stolen: float) -> Dump:
        launched, began, ended = times
        master, other = sync(self.master), sync(self.other)
        now = master["sent"]
        datagrams = now["datagrams"] - sent["datagrams"]
        return Dump(seconds=ended - began, datagrams=datagrams, lost_datagrams=datagrams - other["received"]["datagrams"], kept=other["kept"]["waiting"],
                    refused={name: count for name, count in other["refused"].items() if count},
                    given_up=sum(now[key] - sent[key] for key in ("entries_given_up", "entries_forgotten", "datagrams_failed")),
                    quiet=both(wire, 0, launched), start=both(wire, launched, began), adverts=both(wire, began, ended),
                    drops=(drops(self.master), drops(self.other)), transitions=transitions(self.master) - states + transitions(self.other), cpu=cpu,
                    stolen_seconds=stolen)


def cpu_text(shares_by_thread: dict[str, float]) -> str:
    return ", ".join(f"{name} {share:.0%}" for name, share in sorted(shares_by_thread.items(), key=lambda item: -item[1]) if share >= 0.01)


def measure(lab: Lab, name: str, count: int) -> Dump:
    """Print what came of it."""
    with Pair(lab, count) as pair:
        pair.fill(SOURCES[name])
        load = os.getloadavg()[0]
        dump = pair.dump()
    print(f"{count:,} connections, {name}: {dump.seconds:.2f} s ({count / dump.seconds:,.0f} a second), {dump.datagrams:,} datagrams, {dump.lost_datagrams} of "
          f"them lost; {dump.kept:,} arrived", flush=True)
    for interval in (SLOW[1], FAST[1]):
        print(f"  adverts each {interval:g} s: latest {dump.adverts[interval]}; before the other director started {dump.quiet[interval]}, while it "
              f"started {dump.start[interval]}")
    for whose, used in zip(("master", "other"), dump.cpu, strict=True):
        print(f"  CPU of the {whose}: {cpu_text(used)}")
    print(f"  load {load:.1f} before; stolen by the hypervisor {dump.stolen_seconds * 1000:.0f} ms")
    print(f"  NOT as it should be: {'; '.join(dump.failures(count))}\n" * bool(dump.failures(count)), end="", flush=True)
    return dump


def is_within_bounds(dumps: list[Dump], count: int) -> bool:
    return (not any(dump.failures(count) or dump.seconds > BOUND_SECONDS for dump in dumps)
            and not any(dump.has_late_adverts() for dump in dumps))


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench sync", description="A full dump of connections.")
    parser.add_argument("--connections", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    count = arguments.connections
    lab = Lab(os.environ.get("LAB_ID", "sync"))
    print(f"on {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; bounds: {BOUND_SECONDS} s, adverts late by {LATENESS_BOUND_SECONDS * 1000:g} ms",
          flush=True)
    try:
        (lab.directory / "pids").mkdir(parents=True, exist_ok=True)
        lab.network_up()
        results = {name: is_within_bounds([measure(lab, name, count) for _ in range(arguments.runs)], count) for name in SOURCES}
    finally:
        lab.down()
    for name, is_good in results.items():
        print(f"{name}: {'within the bounds' if is_good else 'NOT within the bounds'}")
    return 0 if all(results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
