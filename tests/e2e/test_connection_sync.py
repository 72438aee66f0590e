"""Connections survive a takeover: two penstockd with the how-to's files, a thousand connections in use, and the master killed, stopped, cut
off, and back again.
"""

import json
import subprocess
import time

import pytest
from held import SERVICE, Held, Witness
from lab import keepalived_conf, topology
from lab.vrrp_wire import VrrpWire
from lab.waiting import wait_for
from test_failover import BACKUP_PRIORITY, Pair, client_is_told

HELD, UPLOADS, NEW_A_SECOND = 1000, 20, 50


@pytest.fixture
def pair(make_daemon, configuration, echo_servers) -> Pair:
    text = configuration + SERVICE
    return Pair(make_daemon(node=topology.DIRECTOR, workers=2), make_daemon(node=topology.DIRECTOR2), text,
                keepalived_conf.for_backup(text, BACKUP_PRIORITY))


@pytest.fixture
def held(lab):
    held = Held(lab, HELD, UPLOADS, NEW_A_SECOND)
    yield held
    held.stop()


def sync(daemon) -> dict:
    return json.loads(daemon.penstock("show", "sync", "--json").stdout)


def is_told_everything(daemon) -> None:
    """The backup keeps as many connections as the master has, and has had its dump."""
    wait_for("the connections at the backup", lambda: sync(daemon)["kept"]["waiting"] >= HELD + UPLOADS)


def when_told(wire, node: topology.Node, mark: int = 0) -> float:
    """When the client's packets began to go to this director: of its first announcement after `mark`, in seconds since 1970."""
    return next(each.time for each in wire.announcements(node.name, mark) if each.address == topology.VIP)


def go_on_with_backup(lab, pair, held, end) -> None:
    """`end(wire)` ends the master; it returns from when to when packets may last have gone through it, in seconds since 1970."""
    pair.start()
    with VrrpWire(lab, hears_all_sync=True) as wire:
        held.start()
        is_told_everything(pair.backup)
        mark = wire.now()
        since, until = end(wire)
        moment = when_told(wire, topology.DIRECTOR2, mark)
        held.go_on(since, until, [pair.backup], Witness(wire, topology.DIRECTOR, moment))
    assert sync(pair.backup)["kept"]["claimed"] >= HELD + UPLOADS
    assert sync(pair.backup)["daemon"]["role"] == "master"


def give_back(lab, pair, held) -> None:
    with VrrpWire(lab, hears_all_sync=True) as wire:
        pair.master.start(pair.master_text)
        client_is_told(lab, topology.DIRECTOR)
        taken_over = when_told(wire, topology.DIRECTOR)
        held.go_on(taken_over, directors=[pair.master, pair.backup], witness=Witness(wire, topology.DIRECTOR2, taken_over))
    assert sync(pair.master)["kept"]["claimed"] >= HELD + UPLOADS
    held.end()


def kill(lab, master) -> tuple[float, float]:
    since = time.time()
    master.kill()
    until = time.time()
    client_is_told(lab, topology.DIRECTOR2)
    return since, until


def test_the_master_is_killed_and_comes_back(lab, pair, held):
    go_on_with_backup(lab, pair, held, lambda _: kill(lab, pair.master))
    give_back(lab, pair, held)


def test_the_master_is_stopped_and_comes_back(lab, pair, held):
    def stop(wire):
        mark = wire.now()
        pair.master.stop()
        client_is_told(lab, topology.DIRECTOR2)
        moment = when_told(wire, topology.DIRECTOR2, mark)
        return moment, moment

    go_on_with_backup(lab, pair, held, stop)
    give_back(lab, pair, held)


def test_the_masters_node_is_rebooted(lab, pair, held):
    def power_cut(_):
        moments = kill(lab, pair.master)
        subprocess.run(["ip", "netns", "del", lab.namespace(topology.DIRECTOR.name)], check=True)
        return moments

    go_on_with_backup(lab, pair, held, power_cut)
    lab.network_up()
    give_back(lab, pair, held)
