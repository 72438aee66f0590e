"""no_accept: the master forwards what is sent to its virtual services, but the host doesn't answer by their address, except for ARP."""

import json

import pytest
from lab import topology
from lab.penstockd import Penstockd
from lab.waiting import wait_for


@pytest.fixture
def silent(make_daemon, configuration, three_servers) -> Penstockd:
    daemon = make_daemon()
    assert configuration.count("advert_int 1") == 1
    daemon.start(configuration.replace("advert_int 1", "advert_int 1\n    no_accept"))
    wait_for("all servers", lambda: daemon.services().get(("TCP", f"{topology.VIP}:80")) == three_servers)
    return daemon


def test_a_silent_address_is_served_and_not_answered_for(lab, silent):
    lab.run("client", "ip", "neigh", "flush", "dev", topology.CLIENT.interface)
    answers = {lab.run("client", "curl", "-sS", "--max-time", "10", f"http://{topology.VIP}/").stdout.strip() for _ in range(6)}
    assert answers == {server.address for server in topology.REAL_SERVERS}
    assert lab.run("client", "ping", "-c", "2", "-i", "0.2", "-W", "1", topology.VIP, check=False).returncode == 1
    assert " 0% packet loss" in lab.run("client", "ping", "-c", "2", "-i", "0.2", "-W", "5", topology.DIRECTOR.address).stdout
    shown = json.loads(silent.penstock("show", "vrrp", "--json").stdout)
    assert shown["frames_not_accepted"] == 2
    assert "2 frames to addresses that this host doesn't answer for" in silent.penstock("show", "vrrp").stdout


def test_a_reload_lets_it_answer_again(lab, silent):
    text = silent.configuration.read_text()
    silent.write(text.replace("    no_accept\n", ""))
    silent.hang_up()
    wait_for("an answer", lambda: lab.run("client", "ping", "-c", "1", "-W", "1", topology.VIP, check=False).returncode == 0)
