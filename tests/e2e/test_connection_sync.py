"""Connections survive a takeover: two penstockd with the how-to's files, a thousand connections in use, and the master killed, stopped, cut
off, and back again.
"""

import json
import subprocess
import time

import pytest
from held import SERVICE, Held
from lab import keepalived_conf, topology
from lab.vrrp_wire import VrrpWire
from lab.waiting import wait_for
from test_failover import BACKUP_PRIORITY, VRID, Pair, client_is_told

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


def take_over(lab, pair, held, end) -> None:
    pair.start()
    held.start()
    is_told_everything(pair.backup)
    ended = time.time()
    end(pair.master)
    client_is_told(lab, topology.DIRECTOR2)
    held.go_on(ended)
    assert sync(pair.backup)["kept"]["claimed"] >= HELD + UPLOADS
    assert sync(pair.backup)["daemon"]["role"] == "master"


def give_back(lab, pair, held) -> None:
    with VrrpWire(lab) as wire:
        pair.master.start(pair.master_text)
        client_is_told(lab, topology.DIRECTOR)
        taken_over = wire.adverts(topology.DIRECTOR.name, VRID)[0].time
    held.go_on(taken_over)
    assert sync(pair.master)["kept"]["claimed"] >= HELD + UPLOADS
    held.end()


def test_the_master_is_killed_and_comes_back(lab, pair, held):
    take_over(lab, pair, held, lambda master: master.kill())
    give_back(lab, pair, held)


def test_the_master_is_stopped_and_comes_back(lab, pair, held):
    take_over(lab, pair, held, lambda master: master.stop())
    give_back(lab, pair, held)


def test_the_masters_node_is_rebooted(lab, pair, held):
    def power_cut(master):
        master.kill()
        subprocess.run(["ip", "netns", "del", lab.namespace(topology.DIRECTOR.name)], check=True)

    take_over(lab, pair, held, power_cut)
    lab.network_up()
    give_back(lab, pair, held)
