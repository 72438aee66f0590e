"""The how-to's outcome: requests to the VIP rotate over the real servers."""

import collections

from configurations import listed, virtual_server, vip_on_eth0
from http_clients import curl
from lab import topology
from lab.waiting import wait_for

ADDRESSES = [server.address for server in topology.REAL_SERVERS]


def test_nine_requests_reach_each_of_three_servers_three_times(lab, daemon):
    pages = [curl(lab) for _ in range(9)]
    assert collections.Counter(pages) == {address: 3 for address in ADDRESSES}


def test_requests_walk_the_servers_in_the_order_of_ipvs(lab, daemon):
    """The kernel adds each new server at the head of its list: the last one configured comes first."""
    assert [curl(lab) for _ in range(6)] == ADDRESSES[::-1] * 2


def test_the_listing_shows_the_service_as_ipvsadm_would(lab, daemon):
    for _ in range(3):
        curl(lab)
    lines = daemon.ipvsadm("-Ln").splitlines()
    assert lines[0].startswith("IP Virtual Server version 1.2.1 (size=")
    assert lines[3] == "TCP  192.168.1.200:80 rr"
    assert [line[:48] for line in lines[4:]] == [f"  -> {address + ':80':28} Route   1     " for address in ADDRESSES]
    closing = [connection for connection in daemon.connections() if connection[1] == "FIN_WAIT"]
    assert sorted(connection[3] for connection in closing) == [f"{address}:80" for address in ADDRESSES]


def test_requests_over_ipv6_rotate_as_well(lab, make_daemon):
    servers = {server.address6: 1 for server in topology.REAL_SERVERS}
    daemon = make_daemon()
    daemon.start(vip_on_eth0(topology.VIP6) + virtual_server(80, servers, address=topology.VIP6))
    assert daemon.services() == {("TCP", f"[{topology.VIP6}]:80"): {f"[{address}]:80": 1 for address in servers}}
    wait_for("the IPv6 VIP on the TAP", lambda: topology.VIP6 in lab.run("director", "ip", "-6", "addr", "show", "dev", "eth0").stdout)
    pages = collections.Counter(curl(lab, f"[{topology.VIP6}]") for _ in range(9))
    assert pages == {address: 3 for address in ADDRESSES}


def test_a_server_of_weight_zero_gets_no_new_connection(lab, make_daemon):
    servers = dict(zip(ADDRESSES, (1, 0, 1)))
    daemon = make_daemon()
    daemon.start(vip_on_eth0() + virtual_server(80, servers))
    assert daemon.services() == listed(80, servers)
    assert collections.Counter(curl(lab) for _ in range(6)) == {ADDRESSES[0]: 3, ADDRESSES[2]: 3}
