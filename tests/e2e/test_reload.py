"""SIGHUP: a new configuration takes effect by difference, and nothing that it does not mention is disturbed."""

import collections
import re
import socket

import pytest
from configurations import listed, virtual_server, vip_on_eth0
from http_clients import curl
from lab import topology
from lab.keepalived_conf import without_real_server
from lab.sockets import socket_in
from lab.waiting import wait_for
from servers import ResetWatch, start_script, stop_script
from transfers import Download, Upload

ADDRESSES = [server.address for server in topology.REAL_SERVERS]
NAME_PORT = 7000
TRANSFER_PORT = 7001
RELOADS = 100
PORTION_BYTES = 10 * 65536  # 100 portions are 62.5 MiB


class HeldConnection:
    """A connection to the VIP that stays open; `ask` says which server is at its other end now."""

    def __init__(self, lab):
        self._socket = socket_in(lab.namespace("client"), socket.AF_INET, socket.SOCK_STREAM)
        self._socket.settimeout(10)
        self._socket.connect((topology.VIP, NAME_PORT))
        self._lines = self._socket.makefile("rw")
        self.server = self.ask()

    def ask(self) -> str:
        self._lines.write("who\n")
        self._lines.flush()
        return self._lines.readline().strip()

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


@pytest.fixture
def hold(lab):
    """hold() is one more HeldConnection; all are closed after the test."""
    held: list[HeldConnection] = []

    def hold_one() -> HeldConnection:
        held.append(HeldConnection(lab))
        return held[-1]

    yield hold_one
    for each in held:
        each.close()


@pytest.fixture
def name_servers(lab):
    start_script(lab, "name_server.py", NAME_PORT)
    yield
    stop_script(lab, "name_server.py")


@pytest.fixture
def transfer_servers(lab):
    start_script(lab, "transfer_server.py", TRANSFER_PORT)
    yield
    stop_script(lab, "transfer_server.py")


def test_a_server_removed_from_the_file_drops_out_without_a_failed_request(lab, daemon, configuration, three_servers):
    before = [curl(lab) for _ in range(9)]
    removed = ADDRESSES[1]
    del three_servers[f"{removed}:80"]
    daemon.reload(without_real_server(configuration, removed), {("TCP", f"{topology.VIP}:80"): three_servers})
    after = [curl(lab) for _ in range(8)]
    assert collections.Counter(before) == {address: 3 for address in ADDRESSES}
    assert collections.Counter(after) == {ADDRESSES[0]: 4, ADDRESSES[2]: 4}


def test_no_connection_moves_when_a_server_is_removed(make_daemon, name_servers, hold):
    everyone = dict.fromkeys(ADDRESSES, 1)
    fewer = {address: 1 for address in ADDRESSES if address != ADDRESSES[1]}
    daemon = make_daemon()
    daemon.start(vip_on_eth0() + virtual_server(NAME_PORT, everyone))
    held = [hold() for _ in range(9)]
    assert collections.Counter(each.server for each in held) == dict.fromkeys(ADDRESSES, 3)
    daemon.reload(vip_on_eth0() + virtual_server(NAME_PORT, fewer), listed(NAME_PORT, fewer))
    staying = [each for each in held if each.server in fewer]
    assert [each.ask() for each in staying] == [each.server for each in staying]
    assert {hold().server for _ in range(4)} == set(fewer)
    # With the server back, its old connections go on as well: they were neither moved nor reset.
    daemon.reload(vip_on_eth0() + virtual_server(NAME_PORT, everyone), listed(NAME_PORT, everyone))
    assert [each.ask() for each in held] == [each.server for each in held]


def test_a_reload_keeps_connections_and_counters_of_what_it_does_not_change(lab, daemon, configuration, three_servers):
    for _ in range(6):
        curl(lab)
    connections, counters = sorted(daemon.connections()), daemon.new_connections()
    changed = {**three_servers, f"{ADDRESSES[0]}:80": 5}
    daemon.reload(configuration.replace("weight 1", "weight 5", 1), {("TCP", f"{topology.VIP}:80"): changed})
    assert sorted(daemon.connections()) == connections
    assert daemon.new_connections() == counters == dict.fromkeys(three_servers, 2)


@pytest.mark.parametrize("damage", ["lb_kind DR", "weight 1", "virtual_server 192.168.1.200 80 {"])
def test_a_bad_file_changes_nothing_and_says_so(lab, daemon, configuration, three_servers, damage):
    curl(lab)
    connections = daemon.connections()
    broken = {"lb_kind DR": "lb_kind SIDEWAYS", "weight 1": "weight heavy", "virtual_server 192.168.1.200 80 {": "virtual_server nowhere 80 {"}
    daemon.write(configuration.replace(damage, broken[damage], 1))
    line = configuration.splitlines().index(next(line for line in configuration.splitlines() if damage in line)) + 1
    daemon.hang_up()
    complaint = re.compile(rf"{re.escape(str(daemon.configuration))}:{line}:\d+: error: ")
    wait_for("a complaint about the file", lambda: complaint.search(daemon.log_text()))
    assert daemon.services() == {("TCP", f"{topology.VIP}:80"): three_servers}
    assert daemon.connections() == connections
    assert {curl(lab) for _ in range(3)} == set(ADDRESSES)


@pytest.fixture
def resets(lab):
    """Watches the client's cable for TCP resets on the transfers' port, in both directions."""
    watch = ResetWatch(lab, TRANSFER_PORT)
    yield watch
    watch.stop()


def established_servers(daemon, count: int) -> list[str]:
    """The servers of exactly `count` established connections; empty while there are not so many."""
    servers = [destination.rpartition(":")[0] for _, state, _, destination in daemon.connections() if state == "ESTABLISHED"]
    return servers if len(servers) == count else []


def test_transfers_outlast_a_hundred_reloads(lab, make_daemon, transfer_servers, resets):
    """An upload's data crosses the director, a download's acknowledgements do; each reload happens while both are moving."""
    everyone = dict.fromkeys(ADDRESSES, 1)
    daemon = make_daemon()
    daemon.start(vip_on_eth0() + virtual_server(TRANSFER_PORT, everyone))
    transfers = [kind(lab, TRANSFER_PORT, RELOADS, PORTION_BYTES) for kind in (Upload, Download)]
    for transfer in transfers:
        transfer.start()
    carriers = wait_for("both transfers in the listing", lambda: established_servers(daemon, 2))
    other = next(address for address in ADDRESSES if address not in carriers)
    stranger = "192.168.1.182"
    changed = {**{address: 7 - 2 * at for at, address in enumerate(carriers)}, stranger: 2}
    assert other not in changed
    for number in range(RELOADS):
        servers = changed if number % 2 == 0 else everyone
        for transfer in transfers:
            transfer.allow_one_portion()
        daemon.reload(vip_on_eth0() + virtual_server(TRANSFER_PORT, servers), listed(TRANSFER_PORT, servers))
        # The last portion is not allowed yet: a transfer that has ended did not outlast the reloads, or broke.
        if number < RELOADS - 1:
            assert [transfer.error for transfer in transfers if not transfer.is_alive()] == []
    for transfer in transfers:
        transfer.join(120)
        assert transfer.error is None
        assert not transfer.is_alive()
        assert len(transfer.digests) == 2 and transfer.digests[0] == transfer.digests[1]
    assert resets.seen() == []
