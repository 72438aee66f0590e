"""Asks the kernel's IPVS, in the guest, which server mh gives to each of many flows, and writes one line for each case.

    maglev_play.py OUT

OUT/picks.txt: for each case the line of maglev_flows.summary().

A director's namespace has one cable. At its other end a socket is all clients and all servers: it sends a flow's first packet, and sees by
the MAC address to which server it came back. A TCP flow begins with an ACK (sloppy_tcp), as after a takeover: so its connection is at once an
established one, and its timeout of a second makes room for the next case's.
"""

import pathlib
import socket
import struct
import subprocess
import sys

import maglev_flows
import wire
from maglev_flows import LIMIT, NOBODY, SERVERS, WEIGHTS, Case, Flow
from packet_batch import PacketBatch

DIRECTOR, CLIENT = "192.168.1.2", "192.168.1.3"
DIRECTOR_MAC, CLIENT_MAC = "02:00:00:00:00:0d", "02:00:00:00:00:0c"
SERVER_MAC = "02:00:00:00:01:{:02x}"
VIP = {False: "192.168.1.200", True: "fd77::200"}
PACKETS_AT_ONCE = 500
BACKLOG = 10_000  # of a processor for what came by veth: more than come at once, so that none is lost
FRAME_ROOM = 128
PATIENCE_SECONDS = 10
ETH_P_ALL, SO_RCVBUFFORCE = 3, 33
L3 = 14


def run(*words: str) -> None:
    subprocess.run(words, check=True)


def in_director(*words: str) -> None:
    run("ip", "netns", "exec", "director", *words)


def server(number: int, is_v6: bool) -> str:
    return f"fd77::{101 + number:x}" if is_v6 else f"192.168.1.{101 + number}"


def prepare() -> None:
    run("modprobe", "ip_vs", "conn_tab_bits=17")
    run("modprobe", "-a", "ip_vs_mh", "veth")
    run("ip", "netns", "add", "director")
    run("ip", "link", "add", "wire", "address", CLIENT_MAC, "type", "veth", "peer", "name", "eth0", "netns", "director", "address", DIRECTOR_MAC)
    run("sysctl", "-q", "-w", "net.ipv6.conf.wire.disable_ipv6=1", f"net.core.netdev_max_backlog={BACKLOG}")
    run("ip", "link", "set", "wire", "up")
    in_director("sysctl", "-q", "-w", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.eth0.rp_filter=0", "net.ipv6.conf.eth0.accept_dad=0")
    in_director("ip", "link", "set", "eth0", "up")
    for address in (f"{DIRECTOR}/24", f"{VIP[False]}/32", "fd77::2/64", f"{VIP[True]}/128"):
        in_director("ip", "addr", "add", address, "dev", "eth0")
    hosts = {CLIENT: CLIENT_MAC} | {server(number, is_v6): SERVER_MAC.format(number) for number in range(SERVERS) for is_v6 in (False, True)}
    for address, mac in hosts.items():
        in_director("ip", "neigh", "replace", address, "lladdr", mac, "dev", "eth0", "nud", "permanent")
    in_director("sysctl", "-q", "-w", "net.ipv4.vs.sloppy_tcp=1")


def configure(case: Case) -> None:
    """The case's four services, TCP and UDP on both VIPs."""
    added_first, then_changed = [], []
    for protocol in ("-t", "-u"):
        for is_v6 in (False, True):
            def end(address: str) -> str:
                return f"[{address}]:{case.port}" if ":" in address else f"{address}:{case.port}"

            service = f"{protocol} {end(VIP[is_v6])}"
            real = [f"{service} -r {end(server(number, is_v6))}" for number in range(SERVERS)]
            added = [f"-a {name} -g -w {weight}" for name, weight in zip(real, WEIGHTS[case.weights])]
            added_first += [f"-A {service} -s mh" + (f" -b {case.flags}" if case.flags != "none" else ""), *added]
            if case.changed is not None:
                name, weight = real[case.changed], WEIGHTS[case.weights][case.changed]
                then_changed += {"removed": [f"-d {name}"], "returned": [f"-d {name}", added[case.changed]], "zero": [f"-e {name} -g -w 0"],
                                 "limited": [f"-e {name} -g -w {weight} -x {LIMIT}"]}[case.change.split(":")[0]]
    lines = "\n".join(added_first + then_changed) + "\n"
    subprocess.run(("ip", "netns", "exec", "director", "ipvsadm", "-R"), input=lines, text=True, check=True)


def frame(number: int, flow: Flow, port: int) -> bytes:
    """The flow's first packet to the VIP; its payload is the flow's number. Direct routing looks at no transport checksum."""
    if flow.is_tcp:
        segment = struct.pack("!HHIIBBHHHI", flow.port, port, 1000, 5000, 5 << 4, wire.ACK, 8192, 0, 0, number)
    else:
        segment = struct.pack("!HHHHI", flow.port, port, 12, 0, number)
    protocol = wire.TCP if flow.is_tcp else wire.UDP
    vip = wire.address(VIP[flow.is_v6])
    if flow.is_v6:
        header = struct.pack("!IHBB", 6 << 28, len(segment), protocol, 64) + flow.source + vip
    else:
        words = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 1, 0, 64, protocol, 0)
        header = words[:10] + struct.pack("!H", wire.checksum(words + flow.source + vip)) + flow.source + vip
    return macs() + (b"\x86\xdd" if flow.is_v6 else b"\x08\x00") + header + segment


def macs() -> bytes:
    return bytes.fromhex((DIRECTOR_MAC + CLIENT_MAC).replace(":", ""))


class Wire:
    """The cable's outer end."""

    def __init__(self):
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self._socket.bind(("wire", ETH_P_ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("qq", PATIENCE_SECONDS, 0))
        self._out = PacketBatch(PACKETS_AT_ONCE + 1, FRAME_ROOM)
        self._in = PacketBatch(PACKETS_AT_ONCE, FRAME_ROOM)
        self._letters = {bytes.fromhex(SERVER_MAC.format(number).replace(":", "")): chr(ord("a") + number) for number in range(SERVERS)}
        self._marker = 0

    def picks(self, frames: list[bytes]) -> str:
        """Whom the director gave each of these packets, whose payloads are their places."""
        found = [NOBODY] * len(frames)
        for at in range(0, len(frames), PACKETS_AT_ONCE):
            self._marker = self._marker % 65535 + 1
            marker = macs() + b"\x08\x00" + wire.echo_request(CLIENT, DIRECTOR, self._marker)
            self._out.send(self._socket, [*frames[at:at + PACKETS_AT_ONCE], marker])
            while not self._collect(found):
                pass
        return "".join(found)

    def _collect(self, found: list[str]) -> bool:
        """Some of what has come; whether the reply to the ping of the director was there, which handles its packets in order."""
        is_last = False
        for got in self._in.receive(self._socket):
            letter = self._letters.get(got[:6])
            if letter is not None:
                place = struct.unpack("!I", got[-4:])[0]
                assert found[place] == NOBODY, f"flow {place} came twice"
                found[place] = letter
            elif got[12:14] == b"\x08\x00" and got[L3 + 9] == wire.ICMP and got[L3 + 20] == 0:
                is_last = got[L3 + 26:L3 + 28] == struct.pack("!H", self._marker)
        return is_last


def main(out: pathlib.Path) -> None:
    prepare()
    cable = Wire()
    flows = list(maglev_flows.flows())
    lines = []
    for case in maglev_flows.cases():
        configure(case)
        # In seconds, of an established TCP connection, one that ends, and UDP. Where a threshold counts they must all stay.
        in_director("ipvsadm", "--set", *(("900", "120", "300") if case.change.startswith("limited") else ("1", "1", "1")))
        picks = cable.picks([frame(number, each, case.port) for number, each in enumerate(flows)])
        lines.append(maglev_flows.summary(case, picks))
        in_director("ipvsadm", "-C")
        print(lines[-1], flush=True)
    (out / "picks.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
