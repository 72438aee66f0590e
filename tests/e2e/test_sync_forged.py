"""Connection sync has no authentication: what a stranger on the link can do to a master with forged datagrams, and what not (docs/SECURITY.md)."""

import dataclasses
import json
import time

import pytest
from held import PORT, SERVICE, Held
from http_clients import curl
from lab import sync_wire, topology
from lab.sync_wire import TEMPLATE, Entry, Message
from lab.waiting import wait_for
from test_failover import VRID
from test_health import SERVICE as WEB

HELD, UPLOADS = 20, 2
STRANGER = topology.CLIENT
# So many of each kind at once, which the daemon takes before there are more: what is sent is then what must be counted.
AT_ONCE, ROUNDS = 20, 91
# A table's memory comes with its connections, a session's with its sender; none comes with what is refused.
MOST_GROWTH_KIB = 4096
NAT = 0x80

VALID = Entry("192.168.1.60", 40000, topology.VIP, 80, topology.REAL_SERVERS[0].address, 80)


def one(**changes) -> bytes:
    return sync_wire.encode(Message(VRID, (dataclasses.replace(VALID, **changes),)))


def patched(datagram: bytes, at: int, value: bytes) -> bytes:
    return datagram[:at] + value + datagram[at + len(value):]


# By the name that a datagram must be counted under.
FORGED = {
    "other_syncid": sync_wire.encode(Message(VRID + 1, (VALID,))),
    "unknown_service": one(virtual_port=81),
    "unknown_server": one(server="192.168.1.66"),
    "client_address": one(client="224.0.0.1"),
    "template": one(flags=TEMPLATE),
    "forwarding_method": one(flags=NAT),
    "state_out_of_range": one(state=30),
    "header_truncated": one()[:3],
    "size_mismatch": one() + bytes(4),
    "unknown_version": patched(one(), 5, b"\x07"),
    "entry_past_end": patched(one(), sync_wire.HEADER.size + 2, b"\x01\x00"),
}


def sync(daemon) -> dict:
    return json.loads(daemon.penstock("show", "sync", "--json").stdout)


def resident_kib(daemon) -> int:
    with open(f"/proc/{int(daemon.pid_file.read_text())}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def instance(daemon) -> dict:
    return json.loads(daemon.penstock("show", "vrrp", "--json").stdout)["instances"][0]


def send(lab, daemon, datagrams: list[bytes]) -> None:
    """Until the daemon has read them all."""
    with sync_wire.sender(lab, STRANGER) as sender:
        expected = sync(daemon)["received"]["datagrams"] + len(datagrams)
        for datagram in datagrams:
            sender.send(datagram)
        wait_for("the datagrams", lambda: sync(daemon)["received"]["datagrams"] >= expected)
    assert sync(daemon)["received"]["datagrams"] == expected


@pytest.fixture
def held(lab, echo_servers):
    held = Held(lab, HELD, UPLOADS, 0)
    yield held
    held.stop()


@pytest.fixture
def master(make_daemon, configuration):
    daemon = make_daemon(workers=2)
    daemon.start(configuration + SERVICE)
    wait_for("the master's part", lambda: sync(daemon)["daemon"]["role"] == "master")
    return daemon


def test_a_flood_of_what_is_wrong_is_counted_by_name_and_changes_nothing(lab, master, held):
    held.start()
    before = instance(master)
    send(lab, master, AT_ONCE * list(FORGED.values()))
    resident = resident_kib(master)
    for _ in range(ROUNDS - 1):
        send(lab, master, AT_ONCE * list(FORGED.values()))

    now = sync(master)
    assert {name: count for name, count in now["refused"].items() if count} == dict.fromkeys(FORGED, AT_ONCE * ROUNDS)
    assert (now["received"]["entries_new"], now["received"]["entries_updated"], now["kept"]["waiting"]) == (0, 0, 0)
    growth = resident_kib(master) - resident
    print(f"{AT_ONCE * ROUNDS * len(FORGED)} datagrams, resident memory grew by {growth} KiB")
    assert growth < MOST_GROWTH_KIB
    assert (now["daemon"]["role"], instance(master)["state"]) == ("master", "MASTER")
    assert instance(master)["counters"]["became_master"] == before["counters"]["became_master"]
    held.go_on(time.time())
    held.end()
    assert set(master.services()[WEB]) == {f"{server.address}:80" for server in topology.REAL_SERVERS}
    assert curl(lab) in {server.address for server in topology.REAL_SERVERS}


def test_a_connection_that_nobody_has_is_believed(lab, master):
    """Not that it is good so: there is nothing by which it could be told from a peer's."""
    send(lab, master, [one()])
    assert sync(master)["kept"]["waiting"] == 1
    assert ("TCP", "ESTABLISHED", f"{VALID.client}:{VALID.client_port}", f"{VALID.server}:{VALID.server_port}") in master.connections()


def test_a_connection_in_use_stays_where_it_is(lab, master, held):
    """A master's own packets know better than any datagram."""
    held.start()
    own = {source: destination for _, _, source, destination in master.connections() if destination.endswith(f":{PORT}")}
    assert len(own) == HELD + UPLOADS
    servers = [server.address for server in topology.REAL_SERVERS]
    entries = []
    for source, destination in own.items():
        client, client_port = source.split(":")
        other = servers[(servers.index(destination.split(":")[0]) + 1) % len(servers)]
        entries.append(Entry(client, int(client_port), topology.VIP, PORT, other, PORT))
    forged_at = time.time()
    send(lab, master, [sync_wire.encode(Message(VRID, tuple(entries)))])
    assert sync(master)["received"]["entries_new"] == len(entries)
    held.go_on(forged_at)
    assert {source: destination for _, _, source, destination in master.connections() if destination.endswith(f":{PORT}")} == own
    held.end()
