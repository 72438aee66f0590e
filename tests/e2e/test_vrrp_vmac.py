"""use_vmac: the VIP is at the virtual router's own MAC address, whoever is master, so that a failover changes nothing at the neighbours."""

import dataclasses
import json
import socket

import pytest
from http_clients import curl
from lab import keepalived_conf, topology
from lab.lab import Lab
from lab.penstockd import Penstockd
from lab.sockets import socket_in
from lab.vrrp_wire import VrrpWire
from lab.waiting import wait_for

ETH_P_ALL = 0x0003
VRID = 50
MAC = "00:00:5e:00:01:32"
MAC6 = "00:00:5e:00:02:33"
DEVICE = "vrrp.50"
IPV6 = f"""
vrrp_instance VI_6 {{
    state BACKUP
    interface eth0
    virtual_router_id 51
    version 3
    priority 100
    advert_int 0.1
    use_vmac vip6
    virtual_ipaddress {{
        {topology.VIP6}/64
    }}
}}
"""


def with_virtual_mac(configuration: str, options: str = "use_vmac") -> str:
    assert configuration.count("    interface eth0\n") == 1
    return configuration.replace("    interface eth0\n", f"    interface eth0\n    {options}\n")


def known_mac(lab: Lab, address: str = topology.VIP) -> str:
    """Where the client's own kernel believes that address is: its neighbour table, which this doesn't touch."""
    words = lab.run("client", "ip", "neigh", "show", address, "dev", topology.CLIENT.interface).stdout.split()
    return words[words.index("lladdr") + 1] if "lladdr" in words else ""


def port_of(lab: Lab, mac: str) -> str:
    """To which node the switch sends that address."""
    entries = map(str.split, lab.run("bridge", "bridge", "fdb", "show", "br", "br0").stdout.splitlines())
    return next((words[2] for words in entries if words[0] == mac and "permanent" not in words), "")


def pages(lab: Lab) -> set[str]:
    return {curl(lab) for _ in range(3)}


ALL_PAGES = {server.address for server in topology.REAL_SERVERS}


@dataclasses.dataclass
class Pair:
    master: Penstockd
    backup: Penstockd
    master_text: str
    backup_text: str

    def start(self) -> None:
        self.backup.start(self.backup_text, as_master=False)
        self.start_master()

    def start_master(self) -> None:
        self.master.start(self.master_text, as_master=False)
        wait_for("the VIP at the master alone", lambda: self.master.has_address(topology.VIP, DEVICE)
                 and not self.backup.has_address(topology.VIP, DEVICE))


@pytest.fixture
def pair(make_daemon, configuration) -> Pair:
    text = with_virtual_mac(configuration)
    return Pair(make_daemon(node=topology.DIRECTOR), make_daemon(node=topology.DIRECTOR2), text, keepalived_conf.for_backup(text))


@pytest.fixture
def wire(lab):
    with VrrpWire(lab) as wire:
        yield wire


@pytest.fixture
def neighbours_forgotten(lab):
    """The client knows no address of the lab, before and after."""
    flush = lambda: lab.run("client", "ip", "neigh", "flush", "all", "nud", "all")  # noqa: E731
    flush()
    yield
    flush()


def takes_over(pair: Pair) -> None:
    wait_for("the VIP at the backup", lambda: pair.backup.has_address(topology.VIP, DEVICE))


def test_the_vip_has_the_same_mac_address_before_and_after_a_failover(lab, pair, wire, neighbours_forgotten):
    pair.start()
    assert pages(lab) == ALL_PAGES
    assert known_mac(lab) == MAC
    assert port_of(lab, MAC) == "director"
    assert {advert.mac for advert in wire.adverts("director", VRID)} == {MAC}

    since = wire.now()
    assert pair.master.stop() == 0
    takes_over(pair)
    assert pages(lab) == ALL_PAGES
    assert known_mac(lab) == MAC
    assert port_of(lab, MAC) == "director2"
    assert {advert.mac for advert in wire.adverts("director2", VRID, since)} == {MAC}
    assert {each.mac for each in wire.announcements("director2", since) if each.address == topology.VIP} == {MAC}
    log = pair.backup.log_text()
    assert f"(VI_1) Sending/queueing gratuitous ARPs on {DEVICE} for {topology.VIP}" in log
    assert log.count("takes no second MAC address") == 1, "af_packet has one"

    pair.start_master()
    assert pages(lab) == ALL_PAGES
    assert known_mac(lab) == MAC
    assert port_of(lab, MAC) == "director"


def test_clients_that_learn_nothing_are_served_after_a_crash(lab, pair, neighbours_forgotten):
    """Their entry is permanent: neither an announcement nor an answer could change it."""
    pair.start()
    lab.run("client", "ip", "neigh", "replace", topology.VIP, "lladdr", MAC, "dev", topology.CLIENT.interface, "nud", "permanent")
    assert pages(lab) == ALL_PAGES
    pair.master.kill()
    takes_over(pair)
    assert pages(lab) == ALL_PAGES
    pair.start_master()
    assert pages(lab) == ALL_PAGES


def test_the_host_answers_by_the_virtual_mac_address_for_the_vips_and_by_its_own_for_its_own(lab, make_daemon, configuration, neighbours_forgotten):
    daemon = make_daemon()
    daemon.start(with_virtual_mac(configuration) + IPV6, as_master=False)
    wait_for("the VIPs", lambda: daemon.has_address(topology.VIP, DEVICE) and daemon.has_address(topology.VIP6, "vip6"))
    expected = {topology.VIP: MAC, topology.VIP6: MAC6, topology.DIRECTOR.address: topology.DIRECTOR.mac, topology.DIRECTOR.address6: topology.DIRECTOR.mac}
    for address in expected:
        lab.run("client", "ping", "-c", "2", "-i", "0.2", "-W", "5", address)
    assert {address: known_mac(lab, address) for address in expected} == expected


def asks_for(lab: Lab, node: topology.Node, address: str) -> int:
    """How many requests for that address leave the node by the virtual MAC address when its kernel looks for it by the macvlan."""
    with socket_in(lab.namespace("bridge"), socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as port:
        port.bind((node.name, ETH_P_ALL))
        port.setblocking(False)
        lab.run(node.name, "ping", "-c", "1", "-W", "1", "-I", DEVICE, address, check=False)
        count = 0
        while True:
            try:
                frame, (_, _, kind, *_) = port.recvfrom(2048)
            except BlockingIOError:
                return count
            is_request = frame[12:14] == b"\x08\x06" and frame[38:42] == socket.inet_aton(address)
            count += is_request and kind != socket.PACKET_OUTGOING and frame[6:12].hex(":") == MAC


def test_a_backup_sends_nothing_by_the_virtual_mac_address(lab, pair):
    """Else the switch would send the master's traffic to it."""
    pair.start()
    for node in (topology.DIRECTOR, topology.DIRECTOR2):
        lab.run(node.name, "ip", "addr", "add", "10.9.9.9/24", "dev", DEVICE)
    assert asks_for(lab, topology.DIRECTOR, "10.9.9.1") > 0
    assert asks_for(lab, topology.DIRECTOR2, "10.9.9.1") == 0


def test_a_master_whose_virtual_mac_interface_is_down_fails(lab, pair):
    """Nobody would answer ARP for the VIP."""
    pair.start()
    lab.run(topology.DIRECTOR.name, "ip", "link", "set", DEVICE, "down")
    takes_over(pair)
    assert f"(VI_1): entering FAULT state (interface {DEVICE} down)" in pair.master.log_text()
    assert pages(lab) == ALL_PAGES
    lab.run(topology.DIRECTOR.name, "ip", "link", "set", DEVICE, "up")
    wait_for("the VIP back at the master", lambda: pair.master.has_address(topology.VIP, DEVICE) and not pair.backup.has_address(topology.VIP, DEVICE))
    assert pages(lab) == ALL_PAGES


def test_show_vrrp_names_the_address_and_where_it_is(lab, make_daemon, configuration):
    daemon = make_daemon()
    daemon.start(with_virtual_mac(configuration, "use_vmac vip0\n    vmac_xmit_base"), as_master=False)
    assert f"  MAC        {MAC} on vip0, adverts from that of eth0\n" in daemon.penstock("show", "vrrp").stdout
    instance = json.loads(daemon.penstock("show", "vrrp", "--json").stdout)["instances"][0]
    assert instance["virtual_mac"] == {"address": MAC, "interface": "vip0", "adverts_from_base": True}


def test_adverts_leave_by_the_ports_address_with_vmac_xmit_base(lab, make_daemon, configuration, wire):
    daemon = make_daemon()
    since = wire.now()
    daemon.start(with_virtual_mac(configuration, "use_vmac\n    vmac_xmit_base"), as_master=False)
    wait_for("adverts", lambda: len(wire.adverts("director", VRID, since)) >= 2)
    assert {advert.mac for advert in wire.adverts("director", VRID, since)} == {topology.DIRECTOR.mac}
    assert {each.mac for each in wire.announcements("director", since) if each.address == topology.VIP} == {MAC}


def test_a_reload_takes_the_virtual_mac_address_away_and_brings_it(lab, make_daemon, configuration, three_servers, neighbours_forgotten):
    daemon = make_daemon()
    daemon.start(configuration)
    services = daemon.services()
    daemon.reload(with_virtual_mac(configuration), services)
    wait_for("the VIP at its own interface", lambda: daemon.has_address(topology.VIP, DEVICE) and not daemon.has_address(topology.VIP))
    assert pages(lab) == ALL_PAGES
    assert known_mac(lab) == MAC
    daemon.reload(configuration, services)
    wait_for("the VIP at the TAP", lambda: daemon.has_address(topology.VIP))
    assert lab.run("director", "ip", "link", "show", DEVICE, check=False).returncode != 0
    wait_for("the client to be told", lambda: known_mac(lab) == topology.DIRECTOR.mac)
    assert pages(lab) == ALL_PAGES


def test_a_name_that_is_taken_is_refused_and_the_running_configuration_stays(lab, make_daemon, configuration):
    daemon = make_daemon()
    daemon.start(configuration)
    daemon.write(with_virtual_mac(configuration, "use_vmac x0"))
    daemon.hang_up()
    wait_for("the refusal", lambda: "Reload failed: (VI_1) use_vmac: cannot create the interface x0 upon eth0" in daemon.log_text())
    assert daemon.has_address(topology.VIP)


def test_nothing_is_left_behind(lab, make_daemon, configuration):
    daemon = make_daemon()
    daemon.start(with_virtual_mac(configuration), as_master=False)
    assert daemon.stop() == 0
    assert f"(VI_1) Success removing VMAC interface {DEVICE}" in daemon.log_text()
    daemon.start(with_virtual_mac(configuration), as_master=False)
    daemon.kill()
    assert lab.run("director", "ip", "link", "show", DEVICE, check=False).returncode != 0
