"""A mixed pair fails over in both directions while a client asks on and on: penstockd on one node, keepalived over the kernel's IPVS on the
other, the how-to's MASTER file on the one and its BACKUP file on the other.
"""

import dataclasses
import json
import threading
import time

import kernel_director
import pytest
from kernel_director import KernelDirector
from lab import keepalived_conf, topology
from lab.penstockd import Penstockd
from lab.waiting import wait_for
from test_failover import BACKUP_PRIORITY, TAKEOVER_ON_RESIGNATION, client_is_told, last_words, rotates, says_in_order
from test_health import SERVICE

KERNEL_NODE = kernel_director.NODE
ADDRESSES = [server.address for server in topology.REAL_SERVERS]
# keepalived's order of the announcement and the group's line differs from ours, so each is looked for by itself.
ENTERS_MASTER = ["(VI_1) Backup received priority 0 advertisement", "(VI_1) Entering MASTER STATE", "(VI_1) setting VIPs."]
ANNOUNCES = "(VI_1) Sending/queueing gratuitous ARPs on eth0 for 192.168.1.200"
SYNCS = "VRRP_Group(G1) Syncing instances to {} state"
REQUEST_SECONDS = 1
# Priority 0 is followed by the skew time, 0.65 s at priority 90; what was under way then may be lost, and is waited for a second.
WORST_GAP_SECONDS = 5


def returns_to(master: str) -> list[str]:
    return [f"(VI_1) Master received advert from {master} with higher priority 100, ours {BACKUP_PRIORITY}", "(VI_1) Entering BACKUP STATE",
            "(VI_1) removing VIPs."]


@dataclasses.dataclass(frozen=True)
class Answer:
    begun: float
    # The page, or curl's words of an error.
    page: str


class Asking(threading.Thread):
    """curl, again and again, each time on a new connection."""

    def __init__(self, lab):
        super().__init__()
        self._lab = lab
        self._end = threading.Event()
        self.answers: list[Answer] = []

    def run(self) -> None:
        while not self._end.is_set():
            begun = time.monotonic()
            result = self._lab.run("client", "curl", "-sS", "--fail", "--max-time", str(REQUEST_SECONDS), f"http://{topology.VIP}/", check=False)
            self.answers.append(Answer(begun, result.stdout.strip() or result.stderr.strip()))
            self._end.wait(0.05)

    def go_on_well(self) -> None:
        """Wait for six answers in a row of requests from now on that all came, from all servers."""
        now = time.monotonic()
        wait_for("six answers in a row from three servers", lambda: self._are_well(now))

    def _are_well(self, since: float) -> bool:
        pages = [answer.page for answer in self.answers if answer.begun >= since]
        return len(pages) >= 6 and sorted(set(pages[-6:])) == ADDRESSES

    def worst_gap(self) -> float:
        """The longest time in seconds from one answered request to the next."""
        times = [answer.begun for answer in self.answers if answer.page in ADDRESSES]
        return max(after - before for before, after in zip(times, times[1:]))

    def end(self) -> None:
        self._end.set()
        self.join(30)
        print(f"{len(self.answers)} requests, at most {self.worst_gap():.2f} s from one that was answered to the next")


@pytest.fixture
def ask(lab):
    """ask() begins to ask, when there is somebody to answer."""
    asking = Asking(lab)

    def begin() -> Asking:
        asking.start()
        asking.go_on_well()
        return asking

    yield begin
    if asking.is_alive():
        asking.end()


def says(director, lines: list[str], after: int) -> None:
    """Wait until its log says so, in this order, after its first `after` characters."""
    try:
        wait_for(f"the log: {lines}", lambda: says_in_order(director.log_text()[after:], lines))
    except TimeoutError:
        pytest.fail(f"expected {lines}, in this order, in\n{director.log_text()[after:]}")


def state_of(daemon: Penstockd) -> str:
    return json.loads(daemon.penstock("show", "vrrp", "--json").stdout)["instances"][0]["state"]


def is_settled(new: Penstockd | KernelDirector, old: Penstockd | KernelDirector | None) -> None:
    """The VIP is at the one and not at the other."""
    def evidence() -> str:
        return last_words(*filter(None, (new, old)))

    wait_for("the VIP at the new master", lambda: new.has_address(topology.VIP), evidence=evidence)
    if old is not None:
        wait_for("the end of the VIP at the other", lambda: not old.has_address(topology.VIP), evidence=evidence)


def has_all_servers(director, three_servers) -> None:
    wait_for("all real servers", lambda: director.services().get(SERVICE) == three_servers)


def forwards(keepalived: KernelDirector) -> None:
    """The kernel adds its counters up every two seconds."""
    wait_for("six connections by the kernel", lambda: keepalived.new_connections() >= 6)


def test_penstockd_stops_and_the_kernel_takes_over_and_it_returns(lab, make_daemon, keepalived, configuration, three_servers, ask):
    ours = make_daemon()
    keepalived.start(keepalived_conf.for_backup(configuration, BACKUP_PRIORITY))
    ours.start(configuration)
    is_settled(ours, keepalived)
    has_all_servers(keepalived, three_servers)
    asking = ask()
    assert state_of(ours) == "MASTER" and keepalived.new_connections() == 0

    mark = len(keepalived.log_text())
    assert ours.stop() == 0
    client_is_told(lab, KERNEL_NODE)
    for lines in ([*ENTERS_MASTER, ANNOUNCES], [ENTERS_MASTER[1], SYNCS.format("MASTER")]):
        says(keepalived, lines, mark)
    is_settled(keepalived, None)
    asking.go_on_well()
    forwards(keepalived)

    mark = len(keepalived.log_text())
    ours.start(configuration)
    client_is_told(lab, topology.DIRECTOR)
    says(keepalived, returns_to(topology.DIRECTOR.address), mark)
    says(keepalived, [SYNCS.format("BACKUP")], mark)
    is_settled(ours, keepalived)
    assert state_of(ours) == "MASTER"
    asking.go_on_well()
    asking.end()
    assert sum(ours.new_connections().values()) >= 6
    assert asking.worst_gap() < WORST_GAP_SECONDS, asking.answers
    rotates(lab)


def test_the_kernel_stops_and_penstockd_takes_over_and_it_returns(lab, make_daemon, keepalived, configuration, three_servers, ask):
    ours = make_daemon()
    ours.start(keepalived_conf.for_backup(configuration, BACKUP_PRIORITY), as_master=False)
    keepalived.start(configuration)
    client_is_told(lab, KERNEL_NODE)
    is_settled(keepalived, ours)
    has_all_servers(keepalived, three_servers)
    asking = ask()
    assert state_of(ours) == "BACKUP" and sum(ours.new_connections().values()) == 0

    mark = len(ours.log_text())
    keepalived.stop()
    client_is_told(lab, topology.DIRECTOR)
    says(ours, TAKEOVER_ON_RESIGNATION, mark)
    is_settled(ours, keepalived)
    assert state_of(ours) == "MASTER"
    asking.go_on_well()
    assert sum(ours.new_connections().values()) >= 6

    mark, mark_of_kernel = len(ours.log_text()), len(keepalived.log_text())
    keepalived.start(configuration)
    client_is_told(lab, KERNEL_NODE)
    says(ours, [*returns_to(KERNEL_NODE.address), SYNCS.format("BACKUP"), "Netlink reflector reports IP 192.168.1.200 removed"], mark)
    says(keepalived, ["(VI_1) Entering MASTER STATE", ANNOUNCES], mark_of_kernel)
    is_settled(keepalived, ours)
    assert state_of(ours) == "BACKUP"
    asking.go_on_well()
    asking.end()
    forwards(keepalived)
    assert asking.worst_gap() < WORST_GAP_SECONDS, asking.answers
    rotates(lab)
