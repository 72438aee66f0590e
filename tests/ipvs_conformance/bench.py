"""Sends packets to the director as hosts behind the client's cable, and writes down who received what.

No kernel may answer but the director's, or its answers would start a conversation that depends on timing: the hosts that send have
addresses that no kernel owns, and the real servers here don't have the VIP, so that their kernels drop what they receive in silence.
The director knows every MAC address from static neighbour entries: what is compared is forwarding, not ARP.

"Nothing came" is told from "not yet" by a marker: an echo request to the director's own address, sent after the probe. The director handles
its packets in order, so when the marker's reply is there, all that the probe caused has been sent.
"""

import contextlib
import select
import socket
import struct
import time

import wire
from directors import Director, Service
from lab import topology
from lab.lab import Lab
from lab.sockets import socket_in

ROUTER, ROUTER6 = "192.168.1.45", "fd77::45"  # sends ICMP errors about the client's packets
MARKER = "192.168.1.40"
QUIET_SECONDS = 0.03
MARKER_TIMEOUT_SECONDS = 60
WARM_UP_TRIES, WARM_UP_SECONDS = 5, 10
ETH_P_ALL = 3
PACKET_OUTGOING = 4
IPV4, IPV6 = b"\x08\x00", b"\x86\xdd"
Names = tuple[str, ...]


def mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


class Bench:
    """One director with the client and the real servers around it; `client` is the address that the current scenario uses, of either family."""

    def __init__(self, lab: Lab, director: Director):
        self.lab = lab
        self.director = director
        self.client = "192.168.1.50"
        self.lines: list[str] = []
        self._marker_number = 0
        self._sockets: dict[socket.socket, topology.Node] = {}
        for node in (topology.CLIENT, *topology.REAL_SERVERS):
            capture = socket_in(lab.namespace(node.name), socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            capture.bind((node.interface, ETH_P_ALL))
            self._sockets[capture] = node
        self._client_socket = next(iter(self._sockets))

    def prepare_neighbours(self) -> None:
        """Static entries in the director's namespace for every address that takes part."""
        hosts = {f"192.168.1.{number}": topology.CLIENT.mac for number in (40, 45, *range(50, 100))}
        hosts |= {f"fd77::{number}": topology.CLIENT.mac for number in (45, *range(50, 100))}
        hosts |= {address: server.mac for server in topology.REAL_SERVERS for address in (server.address, server.address6)}
        for address, lladdr in hosts.items():
            self.lab.run("director", "ip", "neigh", "replace", address, "lladdr", lladdr, "dev", self.director.interface, "nud", "permanent")

    def warm_up(self) -> None:
        """Lets the bridge learn on which port each host is: until then it sends frames to all of them."""
        for server in topology.REAL_SERVERS:
            self.lab.run(server.name, "ping", "-q", "-c", "1", "-W", "5", topology.CLIENT.address)
        # On a busy machine a director that has just started may lose its first frame, and with that one a whole guest would fail.
        for _ in range(WARM_UP_TRIES):
            with contextlib.suppress(TimeoutError):
                self._settle(WARM_UP_SECONDS)
                return
        self._settle()

    # Probes

    def observe(self, title: str, *packets: bytes) -> None:
        """Send the packets, one after the other, and write down what each node received."""
        self.lines.append(f"# {title}")
        self._write_down(self._exchange(packets))

    def observe_each(self, title: str, packets: dict[str, bytes]) -> None:
        for name, packet in packets.items():
            self.observe(f"{title}: {name}", packet)

    def sequence(self, title: str, service: Service, count: int, first_port: int = 20000) -> None:
        """First packets of `count` new connections; writes down which servers received them, in order."""
        build = (lambda port: wire.tcp(self.client, port, service.address, service.port, wire.SYN)) if service.protocol == "tcp" else (
            lambda port: wire.udp(self.client, port, service.address, service.port, b"first"))
        receivers: dict[int, Names] = {}
        for node, packet in self._exchange([build(port) for port in range(first_port, first_port + count)]):
            if node is not topology.CLIENT:
                port = struct.unpack("!H", wire.Header(packet).payload[:2])[0]
                receivers[port] = (*receivers.get(port, ()), node.name)
        order = ["+".join(receivers.get(port, ("nobody",))) for port in range(first_port, first_port + count)]
        self.lines.append(f"# {title}: {' '.join(order)}")

    def configure(self, *services: Service) -> None:
        self.director.configure(*services)
        self.lines.append("# now: " + ("; ".join(
            " ".join((service.protocol, str(service.port), service.scheduler, *service.flags, *(f"{address}*{weight}" for address, weight in service.servers)))
            for service in services) or "no service"))

    def show_services(self, service: Service) -> None:
        self.lines += ["# ipvsadm -Ln", *self.director.services_listing(service)]

    def show_connections(self) -> None:
        self.lines += ["# ipvsadm -Lnc", *self.director.connections_listing(self.client)]

    # The wire

    def _exchange(self, packets) -> list[tuple[topology.Node, bytes]]:
        for packet in packets:
            self._send(packet)
        return self._settle()

    def _send(self, packet: bytes) -> None:
        ethertype = IPV6 if packet[0] >> 4 == 6 else IPV4
        self._client_socket.send(mac(topology.DIRECTOR.mac) + mac(topology.CLIENT.mac) + ethertype + packet)

    def _settle(self, patience_seconds: float = MARKER_TIMEOUT_SECONDS) -> list[tuple[topology.Node, bytes]]:
        """(node, packet) of all that arrived: everything up to the marker's reply, and until it is quiet after it."""
        self._marker_number += 1
        self._send(wire.echo_request(MARKER, topology.DIRECTOR.address, self._marker_number))
        received: list[tuple[topology.Node, bytes]] = []
        marker_seen = False
        deadline = time.monotonic() + patience_seconds
        while True:
            ready = select.select(list(self._sockets), [], [], QUIET_SECONDS)[0]
            if not ready and marker_seen:
                return received
            if time.monotonic() > deadline:
                raise TimeoutError("the director does not answer a ping of its own address")
            for each in ready:
                frame, origin = each.recvfrom(65535)
                if origin[2] == PACKET_OUTGOING or frame[12:14] not in (IPV4, IPV6):
                    continue
                packet = frame[14:]
                if self._is_marker_reply(packet):
                    marker_seen = True
                elif self._concerns_scenario(packet):
                    received.append((self._sockets[each], self._with_strange_macs(frame, self._sockets[each])))

    def _is_marker_reply(self, packet: bytes) -> bool:
        header = wire.Header(packet)
        return header.destination == wire.address(MARKER) and header.payload[6:8] == struct.pack("!H", self._marker_number & 0xFFFF)

    def _concerns_scenario(self, packet: bytes) -> bool:
        header = wire.Header(packet)
        return not {header.source, header.destination}.isdisjoint(map(wire.address, (self.client, ROUTER, ROUTER6)))

    def _with_strange_macs(self, frame: bytes, node: topology.Node) -> bytes:
        """The packet; a frame with other addresses than director to node is a finding of its own."""
        if frame[:6] != mac(node.mac) or frame[6:12] != mac(topology.DIRECTOR.mac):
            self.lines.append(f"{node.name} received a frame from {frame[6:12].hex(':')} to {frame[:6].hex(':')}")
        return frame[14:]

    def _write_down(self, received: list[tuple[topology.Node, bytes]]) -> None:
        lines = []
        for node in self._sockets.values():
            reassembly = wire.Reassembly()
            whole = (reassembly.add(packet) for receiver, packet in received if receiver is node)
            lines += [f"{node.name} received {wire.describe(packet)}" for packet in whole if packet]
            lines += [f"{node.name} received {line}" for line in reassembly.unfinished()]
        self.lines += lines or ["silence"]

    # A real server that is the director itself

    def listen_on_director(self, service: Service) -> socket.socket:
        """A listening TCP socket, or a bound UDP one, on the VIP in the director's own namespace."""
        kind = socket.SOCK_STREAM if service.protocol == "tcp" else socket.SOCK_DGRAM
        family = socket.AF_INET6 if ":" in service.address else socket.AF_INET
        server = socket_in(self.lab.namespace("director"), family, kind)
        server.bind((service.address, service.port))
        if service.protocol == "tcp":
            server.listen(8)
        return server

    def received_by(self, server: socket.socket) -> None:
        """Writes down the datagram that waits at a UDP socket of the director."""
        if select.select([server], [], [], QUIET_SECONDS)[0]:
            data, origin = server.recvfrom(65535)
            self.lines.append(f"the director's own socket received {wire.fingerprint(data)} from {origin[0]}:{origin[1]}")
        else:
            self.lines.append("the director's own socket received nothing")
