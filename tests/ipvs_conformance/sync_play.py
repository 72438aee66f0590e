"""Plays connection sync with the kernel's IPVS, in the guest: as backup of messages that were made elsewhere, then as master.

    sync_play.py OUT

OUT/orders.json: "messages", "notes", "damaged" are datagrams in hexadecimal; "markers" three more, each of one connection of the client
MARKER, so that it tells when the kernel has come so far. OUT/answers.json: what the kernel listed, logged and sent.
"""

import json
import pathlib
import select
import socket
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import wire  # noqa: E402
from bench import Bench  # noqa: E402
from directors import KernelDirector  # noqa: E402
from play import prepare  # noqa: E402

from lab import sync_wire, topology  # noqa: E402
from lab.lab import Lab  # noqa: E402
from lab.waiting import wait_for  # noqa: E402

VIP, VIP6 = topology.VIP, topology.VIP6
SERVICES = (("-t", VIP, 80), ("-t", VIP, 443), ("-u", VIP, 5353), ("-t", VIP6, 80))
MARKER = "192.168.1.99"
CLIENT, CLIENT6 = "192.168.1.61", "fd77::61"  # of the kernel's own connections
SYNCID = 50
MASTER_SECONDS = 30


def end(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def configure(director: KernelDirector) -> None:
    for option, address, port in SERVICES:
        persistence = ("-p", "120") if port == 443 else ()
        director.listing("-A", option, end(address, port), "-s", "rr", *persistence)
        for server in topology.REAL_SERVERS:
            director.listing("-a", option, end(address, port), "-r", end(server.address6 if ":" in address else server.address, port), "-g")


def daemon(director: KernelDirector, state: str) -> None:
    director.listing("--start-daemon", state, "--mcast-interface", topology.DIRECTOR.interface, "--syncid", str(SYNCID))


def kernel_log() -> list[str]:
    return subprocess.run(["dmesg"], capture_output=True, text=True, check=True).stdout.splitlines()


def connections(director: KernelDirector) -> list[str]:
    return director.listing("-Lnc")[2:]


def play_backup(lab: Lab, director: KernelDirector, orders: dict) -> dict:
    """What the kernel makes of each kind of datagram: its connections and its log after it."""
    answers = {}
    daemon(director, "backup")
    with sync_wire.sender(lab, topology.CLIENT) as sender:
        for kind, marker in zip(("messages", "notes", "damaged"), orders["markers"]):
            log = len(kernel_log())
            for datagram in (*orders[kind], marker):
                sender.send(bytes.fromhex(datagram))
            source = end(MARKER, sync_wire.decode(bytes.fromhex(marker)).entries[0].client_port)
            wait_for(f"the kernel to read the {kind}", lambda: any(f" {source} " in line for line in connections(director)))
            answers[kind] = {"connections": [line for line in connections(director) if f" {MARKER}:" not in line], "log": kernel_log()[log:]}
    director.listing("--stop-daemon", "backup")
    return answers


def make_connections(bench: Bench) -> None:
    """Established and ended connections, UDP flows, and a persistent one with its template. The third packet is told to the backup."""
    for client, address, port in ((CLIENT, VIP, 80), (CLIENT6, VIP6, 80), (CLIENT, VIP, 443)):
        bench.client = client
        for source_port in range(20000, 20003):
            packets = [wire.tcp(client, source_port, address, port, wire.SYN),
                       *(wire.tcp(client, source_port, address, port, wire.ACK, acknowledgement=1) for _ in range(2))]
            if source_port == 20001:
                packets.append(wire.tcp(client, source_port, address, port, wire.FIN | wire.ACK, acknowledgement=1))
            if source_port == 20002:
                packets.append(wire.tcp(client, source_port, address, port, wire.RST | wire.ACK, acknowledgement=1))
            bench.observe("connection", *packets)
    bench.client = CLIENT
    for source_port in range(21000, 21003):
        bench.observe("flow", *(wire.udp(CLIENT, source_port, VIP, 5353, b"datagram") for _ in range(3)))


def state_name(entry: sync_wire.Entry) -> str:
    if entry.flags & 0x1000:
        return ("NONE", "ASSURED")[entry.state]
    return sync_wire.TCP_STATES[entry.state] if entry.protocol == sync_wire.TCP else "UDP"


def last_told(datagrams: list[bytes]) -> dict[tuple[str, str], str]:
    """The state of each connection, by client and virtual server, as the last entry about it says."""
    return {(end(entry.client, entry.client_port), end(entry.virtual, entry.virtual_port)): state_name(entry)
            for datagram in datagrams for entry in sync_wire.decode(datagram).entries}


def play_master(lab: Lab, director: KernelDirector, bench: Bench) -> dict:
    """Its messages until they have told what it lists, or no more come."""
    daemon(director, "master")
    datagrams = []
    with sync_wire.listener(lab, topology.CLIENT) as listener:
        make_connections(bench)
        own = [line for line in connections(director) if f" {CLIENT}:" in line or f" [{CLIENT6}]:" in line]
        listed = {(words[3], words[4]): words[2] for words in map(str.split, own)}
        while last_told(datagrams) != listed and select.select([listener], [], [], MASTER_SECONDS)[0]:
            datagrams.append(listener.recv(65535, socket.MSG_DONTWAIT))
    director.listing("--stop-daemon", "master")
    return {"connections": own, "datagrams": [datagram.hex() for datagram in datagrams]}


def main(out: pathlib.Path) -> None:
    lab = Lab("sync")
    prepare(lab)
    director = KernelDirector(lab)
    try:
        director.start()
        bench = Bench(lab, director)
        bench.prepare_neighbours()
        bench.warm_up()
        configure(director)
        answers = play_backup(lab, director, json.loads((out / "orders.json").read_text()))
        answers["master"] = play_master(lab, director, bench)
        (out / "answers.json").write_text(json.dumps(answers))
    finally:
        lab.down()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
