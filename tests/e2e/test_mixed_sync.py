"""Connections survive a takeover in a mixed pair, in both directions: penstockd on one node, keepalived over the kernel's IPVS on the other, the
how-to's two files, and the kernel's own sync protocol between them.
"""

import json
import time

import pytest
from held import PORT, SERVICE, Held
from kernel_director import NODE as KERNEL_NODE
from kernel_director import KernelDirector
from lab import keepalived_conf, topology
from lab.penstockd import Penstockd
from lab.waiting import wait_for
from test_failover import BACKUP_PRIORITY, VRID, client_is_told, last_words

# The guest is one slow CPU.
HELD, UPLOADS = 60, 2
DAEMON = "{} sync daemon (mcast=eth0, syncid={}, maxlen=1472, group=224.0.0.81, port=8848, ttl=1)"


@pytest.fixture
def held(lab, echo_servers):
    held = Held(lab, HELD, UPLOADS, 0)
    yield held
    held.stop()


def established(director: Penstockd | KernelDirector) -> dict[str, str]:
    """By their clients' endpoints: the servers of the held connections that this director lists as established."""
    held_servers = {f"{server.address}:{PORT}" for server in topology.REAL_SERVERS}
    return {source: destination for protocol, state, source, destination in director.connections()
            if (protocol, state) == ("TCP", "ESTABLISHED") and destination in held_servers}


def knows_all_of(backup: Penstockd | KernelDirector, master: Penstockd | KernelDirector) -> None:
    """The backup lists each connection of the master's, at the same server."""
    theirs = established(master)
    assert len(theirs) == HELD + UPLOADS
    # A kernel keeps what it tells for up to two seconds.
    wait_for("the connections at the backup", lambda: established(backup) == theirs)


def sync_daemons(director: Penstockd | KernelDirector) -> list[str]:
    text = director.sync_daemons() if isinstance(director, KernelDirector) else director.ipvsadm("-Ln", "--daemon")
    return text.splitlines()


def has_role(director: Penstockd | KernelDirector, role: str) -> None:
    wait_for(f"the {role} sync daemon alone", lambda: [line.split()[0] for line in sync_daemons(director)] == [role])
    # keepalived 2.2.7 gives the kernel no id where the file has lvs_sync_daemon_interface.
    sync_id = 0 if isinstance(director, KernelDirector) else VRID
    assert sync_daemons(director) == [DAEMON.format(role, sync_id)]


def has_service(director: KernelDirector) -> None:
    wait_for("the service at the kernel", lambda: len(director.services().get(("TCP", f"{topology.VIP}:{PORT}"), {})) == len(topology.REAL_SERVERS))


def test_penstockd_stops_and_the_kernel_goes_on_with_its_connections(lab, make_daemon, keepalived, configuration, held):
    ours = make_daemon(workers=2)
    text = configuration + SERVICE
    keepalived.start(keepalived_conf.for_backup(text, BACKUP_PRIORITY))
    ours.start(text)
    wait_for("a single master", lambda: not keepalived.has_address(topology.VIP), evidence=lambda: last_words(keepalived, ours))
    has_service(keepalived)
    has_role(ours, "master")
    has_role(keepalived, "backup")

    held.start()
    knows_all_of(keepalived, ours)
    stopped = time.time()
    assert ours.stop() == 0
    client_is_told(lab, KERNEL_NODE)
    held.go_on(stopped)
    has_role(keepalived, "master")
    assert len(established(keepalived)) == HELD + UPLOADS
    held.end()


def test_the_kernel_stops_and_penstockd_goes_on_with_its_connections(lab, make_daemon, keepalived, configuration, held):
    ours = make_daemon(workers=2)
    text = configuration + SERVICE
    ours.start(keepalived_conf.for_backup(text, BACKUP_PRIORITY), as_master=False)
    keepalived.start(text)
    wait_for("the kernel to be master", lambda: keepalived.has_address(topology.VIP))
    wait_for("a single master", lambda: not ours.has_address(topology.VIP), evidence=lambda: last_words(ours, keepalived))
    has_service(keepalived)
    has_role(keepalived, "master")
    has_role(ours, "backup")

    held.start()
    # A kernel tells a connection with its third packet, not before: all of these have sent more.
    knows_all_of(ours, keepalived)
    stopped = time.time()
    keepalived.stop()
    client_is_told(lab, topology.DIRECTOR)
    held.go_on(stopped)
    has_role(ours, "master")
    sync = json.loads(ours.penstock("show", "sync", "--json").stdout)
    assert sync["kept"]["claimed"] >= HELD + UPLOADS
    assert {name: count for name, count in sync["refused"].items() if count} == {}
    assert len(established(ours)) == HELD + UPLOADS
    held.end()
