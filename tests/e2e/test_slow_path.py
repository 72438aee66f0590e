"""What is not a service's traffic reaches the director's own kernel through the TAP, and nothing reaches it twice."""

import socket

import pytest
from lab import topology
from lab.lab import PYTHON
from lab.sockets import socket_in
from lab.waiting import wait_for

OWN_PORT = 2222


def ping(lab, node: str, address: str, *options: str):
    return lab.run(node, "ping", "-c", "3", "-i", "0.05", "-W", "5", *options, address).stdout


@pytest.mark.parametrize("address", [topology.DIRECTOR.address, topology.DIRECTOR.address6, topology.VIP])
def test_a_ping_of_the_director_is_answered_once(lab, daemon, address):
    """A second answer would be the kernel's on the wire below the port."""
    output = ping(lab, "client", address)
    assert " 0% packet loss" in output and "DUP!" not in output


def test_the_director_reaches_others_through_its_tap(lab, daemon):
    for server in topology.REAL_SERVERS:
        assert " 0% packet loss" in ping(lab, "director", server.address)
        page = lab.run("director", "curl", "-sS", "--max-time", "10", f"http://{server.address}/").stdout
        assert page.strip() == server.address


def test_a_tcp_service_of_the_director_itself_works(lab, daemon, tmp_path):
    """As ssh does: a connection to the director's own address, with data both ways, larger than any buffer on the way."""
    (tmp_path / "large").write_bytes(bytes(range(256)) * 40_000)
    lab.start("director", "own", PYTHON, "-m", "http.server", str(OWN_PORT), "--bind", topology.DIRECTOR.address, "--directory", str(tmp_path))
    try:
        wait_for("the director's own server", lambda: f":{OWN_PORT} " in lab.run("director", "ss", "-Hltn").stdout)
        target = tmp_path / "copy"
        lab.run("client", "curl", "-sS", "--fail", "--max-time", "60", "-o", str(target), f"http://{topology.DIRECTOR.address}:{OWN_PORT}/large")
        assert target.read_bytes() == (tmp_path / "large").read_bytes()
    finally:
        lab.stop("director", "own")


@pytest.mark.parametrize("address", [topology.VIP, topology.DIRECTOR.address])
def test_arp_is_answered_once_with_the_ports_address(lab, daemon, address):
    client = bytes.fromhex(topology.CLIENT.mac.replace(":", ""))
    director = bytes.fromhex(topology.DIRECTOR.mac.replace(":", ""))
    with socket_in(lab.namespace("client"), socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806)) as wire:
        wire.bind((topology.CLIENT.interface, 0x0806))
        wire.settimeout(5)
        question = b"\x00\x01\x08\x00\x06\x04\x00\x01" + client + socket.inet_aton(topology.CLIENT.address) + bytes(6) + socket.inet_aton(address)
        wire.send(b"\xff" * 6 + client + b"\x08\x06" + question)
        replies = []
        wait_for("an ARP reply", lambda: collect_replies(wire, replies, address))
        # The director answers in order: when a ping sent after the question is answered, no second reply is under way.
        ping(lab, "client", topology.DIRECTOR.address)
        wire.settimeout(0.1)
        collect_replies(wire, replies, address)
    assert [reply[22:28] for reply in replies] == [director]


def collect_replies(wire: socket.socket, replies: list[bytes], address: str) -> bool:
    """Adds the ARP replies for that address that are waiting; whether there are any so far."""
    try:
        while True:
            frame = wire.recv(2048)
            if frame[20:22] == b"\x00\x02" and frame[28:32] == socket.inet_aton(address):
                replies.append(frame)
                wire.settimeout(0.1)
    except TimeoutError:
        return bool(replies)


def test_a_closed_port_of_the_vip_is_refused(lab, daemon):
    result = lab.run("client", "curl", "-sS", "--max-time", "5", f"http://{topology.VIP}:81/", check=False)
    assert result.returncode == 7, result.stderr  # refused by a reset; a lost packet would be a timeout (28)
