"""`penstock show workers --stages`: before a second has been measured, of one with packets, and of a silent one."""

import json

from configurations import virtual_server, vip_on_eth0
from http_clients import curl
from lab import topology
from lab.waiting import wait_for

COMMAND = ("show", "workers", "--stages")


def test_stages_are_those_of_a_whole_second_with_packets(lab, make_daemon):
    daemon = make_daemon()
    daemon.start(vip_on_eth0() + virtual_server(80, {server.address: 1 for server in topology.REAL_SERVERS}))
    assert daemon.penstock(*COMMAND).stdout.startswith("The stages are watched from now on")
    seen = []

    def has_measured() -> bool:
        curl(lab)
        seen[:] = json.loads(daemon.penstock(*COMMAND, "--json").stdout)
        return seen[0]["stages"] is not None

    wait_for("a second that was measured", has_measured)
    # Read while the worker runs, both may be a loop apart.
    assert 0.8 < sum(seen[0]["stages"].values()) / seen[0]["cycles_per_packet"] < 1.2, seen
    wait_for("a silent second", lambda: daemon.penstock(*COMMAND).stdout == "The stages are watched, but no packet came in the last second.\n")
