"""The how-to's failover section with two penstockd and its two files: stop the MASTER, start it again, and what the BACKUP's log says."""

import collections
import ctypes
import dataclasses
import pathlib
import re
import signal

import pytest
from http_clients import curl
from lab import keepalived_conf, topology
from lab.penstockd import Penstockd
from lab.vrrp_wire import VrrpWire
from lab.waiting import wait_for
from test_health import paced, wait_for_servers

VRID = 50
BACKUP_PRIORITY = 90
TAKEOVER_ON_RESIGNATION = [
    "(VI_1) Backup received priority 0 advertisement",
    "(VI_1) Entering MASTER STATE",
    "(VI_1) setting VIPs.",
    "(VI_1) Sending/queueing gratuitous ARPs on eth0 for 192.168.1.200",
    "VRRP_Group(G1) Syncing instances to MASTER state",
    "Netlink reflector reports IP 192.168.1.200 added",
]
TAKEOVER_ON_SILENCE = TAKEOVER_ON_RESIGNATION[1:]
RETURN = [
    "(VI_1) Master received advert from 192.168.1.102 with higher priority 100, ours 90",
    "(VI_1) Entering BACKUP STATE",
    "(VI_1) removing VIPs.",
    "VRRP_Group(G1) Syncing instances to BACKUP state",
    "Netlink reflector reports IP 192.168.1.200 removed",
]


def says_in_order(log: str, lines: list[str]) -> bool:
    """Whether the log has these lines in this order, whatever lies between them."""
    return re.search(".*\n(?:.*\n)*?.*".join(map(re.escape, lines)), log) is not None


def last_words(*directors) -> str:
    """The ends of their logs in one line, for a summary that has no more."""
    return " || ".join(" | ".join(director.log_text().splitlines()[-10:]) for director in directors)


@dataclasses.dataclass
class Pair:
    """Two directors, the MASTER's file on one and the BACKUP's on the other."""
    master: Penstockd
    backup: Penstockd
    master_text: str
    backup_text: str

    def start(self) -> None:
        self.backup.start(self.backup_text, as_master=False)
        self.master.start(self.master_text)
        wait_for("a single master", lambda: not self.backup.has_address(topology.VIP), evidence=lambda: last_words(self.backup, self.master))

    def backup_says(self, lines: list[str], after: int) -> None:
        """Wait until the backup's log says so after its first `after` characters."""
        try:
            wait_for(f"the log: {lines}", lambda: says_in_order(self.backup.log_text()[after:], lines))
        except TimeoutError:
            pytest.fail(f"expected {lines}, in this order, in\n{self.backup.log_text()[after:]}")


@pytest.fixture
def pair(make_daemon, configuration) -> Pair:
    return Pair(make_daemon(node=topology.DIRECTOR), make_daemon(node=topology.DIRECTOR2), configuration,
                keepalived_conf.for_backup(configuration, BACKUP_PRIORITY))


@pytest.fixture
def wire(lab):
    with VrrpWire(lab) as wire:
        yield wire


def rotates(lab) -> None:
    pages = collections.Counter(curl(lab) for _ in range(6))
    assert pages == {server.address: 2 for server in topology.REAL_SERVERS}


def known_mac(lab) -> str:
    """Where the client's own kernel believes the VIP is: its ARP cache, which this doesn't touch."""
    words = lab.run("client", "ip", "neigh", "show", topology.VIP, "dev", topology.CLIENT.interface).stdout.split()
    return words[words.index("lladdr") + 1] if "lladdr" in words else ""


def client_is_told(lab, node: topology.Node) -> None:
    """The client sends nothing meanwhile: only an announcement can change its cache."""
    wait_for(f"the client's ARP cache to name {node.name}", lambda: known_mac(lab) == node.mac)


def test_the_how_tos_failover_section(lab, pair):
    pair.start()
    rotates(lab)
    assert known_mac(lab) == topology.DIRECTOR.mac

    mark = len(pair.backup.log_text())
    assert pair.master.stop() == 0
    client_is_told(lab, topology.DIRECTOR2)
    pair.backup_says(TAKEOVER_ON_RESIGNATION, mark)
    rotates(lab)
    assert pair.backup.has_address(topology.VIP)

    mark = len(pair.backup.log_text())
    pair.master.start(pair.master_text)
    client_is_told(lab, topology.DIRECTOR)
    # The file says nopreempt, which the MASTER's state clears: it returns.
    assert "nopreempt does not go with state MASTER: it is cleared" in pair.master.log_text()
    pair.backup_says(RETURN, mark)
    assert not pair.backup.has_address(topology.VIP)
    rotates(lab)


def test_with_backup_on_both_and_nopreempt_it_does_not_return(lab, pair, wire):
    pair.master_text = pair.master_text.replace("state MASTER", "state BACKUP")
    # The other one must not be master before this one is there: nothing would take the VIP from it.
    pair.master.start(pair.master_text)
    pair.backup.start(pair.backup_text, as_master=False)
    mark = len(pair.backup.log_text())
    pair.master.stop()
    pair.backup_says(TAKEOVER_ON_RESIGNATION, mark)
    pair.master.start(pair.master_text, as_master=False)
    wait_for("the adverts to be heard", lambda: "(VI_1) Entering BACKUP STATE (init)" in pair.master.log_text())
    # Its patience is three intervals and a part of one; as many adverts of lower priority and one more don't let it take over.
    since = wire.now()
    wait_for("five adverts", lambda: len(wire.adverts("director2", VRID, since)) >= 5)
    assert wire.adverts("director", VRID, since) == []
    assert pair.backup.has_address(topology.VIP) and not pair.master.has_address(topology.VIP)
    rotates(lab)


def test_a_crash_of_the_master(lab, pair):
    pair.start()
    rotates(lab)
    mark = len(pair.backup.log_text())
    pair.master.kill()
    client_is_told(lab, topology.DIRECTOR2)
    pair.backup_says(TAKEOVER_ON_SILENCE, mark)
    assert "priority 0" not in pair.backup.log_text()[mark:]
    rotates(lab)


def fail(daemon: Penstockd, thread: str, number: signal.Signals) -> None:
    """What a failed assertion or a bad pointer on that thread comes to."""
    pid = int(daemon.pid_file.read_text())
    tids = [int(task.name) for task in pathlib.Path(f"/proc/{pid}/task").iterdir() if (task / "comm").read_text().strip() == thread]
    tid = min(tids)  # the main thread's name is also that of threads without one
    assert ctypes.CDLL(None, use_errno=True).tgkill(pid, tid, number) == 0


@pytest.mark.parametrize("thread, number", [("penstockd", signal.SIGABRT), ("health", signal.SIGSEGV), ("vrrp", signal.SIGABRT)])
def test_a_dying_master_resigns(pair, thread, number):
    pair.start()
    mark = len(pair.backup.log_text())
    fail(pair.master, thread, number)
    pair.backup_says(TAKEOVER_ON_RESIGNATION, mark)
    assert pair.master.stop() == -number


def test_the_masters_link_goes_down_and_comes_back(lab, pair):
    pair.master_text = paced(pair.master_text, 1, 0.25)
    pair.start()
    rotates(lab)
    mark, mark_of_master = len(pair.backup.log_text()), len(pair.master.log_text())
    lab.set_cable(topology.DIRECTOR, up=False)
    try:
        client_is_told(lab, topology.DIRECTOR2)
        pair.backup_says(TAKEOVER_ON_SILENCE, mark)
        wait_for("FAULT", lambda: "(VI_1) Entering FAULT STATE" in pair.master.log_text()[mark_of_master:])
        assert not pair.master.has_address(topology.VIP)
        rotates(lab)
        mark = len(pair.backup.log_text())
    finally:
        lab.set_cable(topology.DIRECTOR, up=True)
    client_is_told(lab, topology.DIRECTOR)
    pair.backup_says(RETURN, mark)
    # No advert of before the fault, nor the resignation that the cable had not taken, has come meanwhile.
    assert "priority 0" not in pair.backup.log_text()[mark:]
    assert pair.backup.log_text()[mark:].count("Entering BACKUP STATE") == 1
    # It saw no server either while it was alone.
    wait_for_servers(pair.master, [server.address for server in topology.REAL_SERVERS])
    rotates(lab)
