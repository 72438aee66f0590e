"""What VRRP says on the lab's wires: adverts and announcements of addresses, each with the node that sent it and the kernel's time;
the probes of lab/probe_stream.py, as they leave the client and the directors; and connection sync (lab/sync_wire.py), its notes alone or all.

One packet socket in the bridge's namespace hears every port; the kernel's stamp is that of the frame's way through the port, so a busy
reader changes no time. What nobody has read yet waits in the socket; a loss there is an error.
"""

import ctypes
import dataclasses
import ipaddress
import socket
import struct
import subprocess

from lab import sync_wire
from lab.lab import Lab
from lab.probe_stream import NUMBER
from lab.sockets import socket_in

ETH_P_ALL = 0x0003
SO_TIMESTAMPNS = 35
SO_ATTACH_FILTER = 26
SO_RCVBUFFORCE = 33
SOL_PACKET = 263
PACKET_STATISTICS = 6
# What comes while nobody reads, as during a daemon's start: a quarter of a minute of the bench's probes, a kilobyte of the kernel's for each.
RECEIVE_BUFFER = 256 * 1024 * 1024
PROBE_PORT = 7007
SYNC = f"(udp dst port {sync_wire.PORT})"
NOTE = f"({SYNC} and udp[4:2] = {8 + sync_wire.HEADER.size})"
FILTER = f"(udp dst port {PROBE_PORT}) or (ip proto 112) or (ip6 proto 112) or arp or (icmp6 and ip6[40] == 136)"
VRRP = 112
NEIGHBOUR_ADVERTISEMENT = 136


@dataclasses.dataclass(frozen=True)
class Advert:
    # Seconds of the kernel's realtime clock.
    time: float
    node: str
    source: str
    destination: str
    version: int
    vrid: int
    # 0: its sender resigns.
    priority: int
    # The source of the frame.
    mac: str


@dataclasses.dataclass(frozen=True)
class Announcement:
    """A gratuitous ARP, or a neighbour advertisement that nobody asked for."""
    time: float
    node: str
    address: str
    mac: str


@dataclasses.dataclass(frozen=True)
class Probe:
    """A packet of the stream: from the client, or from the director that forwards it."""
    time: float
    node: str
    number: int


@dataclasses.dataclass(frozen=True)
class Note:
    """A dump of connections is asked for, begins or ends."""
    time: float
    node: str
    # One of sync_wire.NOTES.
    words: str


@dataclasses.dataclass(frozen=True)
class Told:
    """Connections are told to the other director: their clients' addresses and ports."""
    time: float
    node: str
    clients: tuple[tuple[str, int], ...]


Event = Advert | Announcement | Probe | Note | Told


def _mac(text: bytes) -> str:
    return text.hex(":")


def event_of(time: float, node: str, frame: bytes) -> Event | None:
    """The event that a whole Ethernet frame is, if any."""
    ether_type = struct.unpack_from("!H", frame, 12)[0]
    if ether_type == 0x0806 and len(frame) >= 42:
        sender, target = frame[28:32], frame[38:42]
        return Announcement(time, node, socket.inet_ntoa(sender), _mac(frame[22:28])) if sender == target else None
    if ether_type == 0x0800:
        header = (frame[14] & 0x0F) * 4
        protocol, source, destination, payload = frame[23], frame[26:30], frame[30:34], frame[14 + header:]
    elif ether_type == 0x86DD:
        protocol, source, destination, payload = frame[20], frame[22:38], frame[38:54], frame[54:]
    else:
        return None
    if protocol == socket.IPPROTO_UDP and struct.unpack_from("!H", payload, 2)[0] == sync_wire.PORT:
        message = sync_wire.decode(payload[8:struct.unpack_from("!H", payload, 4)[0]])
        if message.note:
            return Note(time, node, message.note)
        return Told(time, node, tuple((entry.client, entry.client_port) for entry in message.entries))
    if protocol == socket.IPPROTO_UDP:
        return Probe(time, node, NUMBER.unpack_from(payload, 8)[0])
    if protocol == VRRP and len(payload) >= 8:
        return Advert(time, node, str(ipaddress.ip_address(source)), str(ipaddress.ip_address(destination)), payload[0] >> 4, payload[1], payload[2],
                      _mac(frame[6:12]))
    if protocol == socket.IPPROTO_ICMPV6 and payload[0] == NEIGHBOUR_ADVERTISEMENT and not payload[4] & 0x40 and len(payload) >= 32:
        return Announcement(time, node, str(ipaddress.ip_address(payload[8:24])), _mac(payload[26:32]))
    return None


class VrrpWire:
    """Everything since it was opened, in order. A context manager."""

    def __init__(self, lab: Lab, hears_all_sync: bool = False):
        wanted = f"{FILTER} or {SYNC if hears_all_sync else NOTE}"
        listing = subprocess.run(["tcpdump", "-y", "EN10MB", "-ddd", wanted], capture_output=True, text=True, check=True).stdout
        self._socket = socket_in(lab.namespace("bridge"), socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self._set_filter(listing)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.setblocking(False)
        self._forget_what_came_before()
        self._events: list[Event] = []

    def __enter__(self) -> "VrrpWire":
        return self

    def __exit__(self, *_) -> None:
        self._socket.close()

    def _forget_what_came_before(self) -> None:
        """Frames that no filter and no room had been made for: all of them, and their losses."""
        while True:
            try:
                self._socket.recv(1)
            except BlockingIOError:
                break
        self._lost()

    def _set_filter(self, listing: str) -> None:
        steps = [struct.pack("HBBI", *map(int, line.split())) for line in listing.splitlines()[1:]]
        code = ctypes.create_string_buffer(b"".join(steps))  # the kernel copies it
        self._socket.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", len(steps), ctypes.addressof(code)))

    def events(self) -> list[Event]:
        """All so far. What other ports are sent of a frame is left out. RuntimeError when the socket had no room for some."""
        while True:
            try:
                frame, ancillary, _, (port, _, kind, *_) = self._socket.recvmsg(2048, 64)
            except BlockingIOError:
                self._require_all()
                return self._events
            if kind == socket.PACKET_OUTGOING or port == "br0":
                continue
            seconds, nanoseconds = struct.unpack("ll", ancillary[0][2])
            event = event_of(seconds + nanoseconds / 1e9, port, frame)
            if event is not None:
                self._events.append(event)

    def _lost(self) -> int:
        """How many frames there was no room for since it was asked last."""
        return struct.unpack("II", self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]

    def _require_all(self) -> None:
        if lost := self._lost():
            raise RuntimeError(f"{lost} frames came while nobody read them, and were lost")

    def now(self) -> int:
        """A mark for `since`."""
        return len(self.events())

    def adverts(self, node: str, vrid: int, since: int = 0) -> list[Advert]:
        return [event for event in self.events()[since:] if isinstance(event, Advert) and event.node == node and event.vrid == vrid]

    def probes(self, node: str, since: int = 0) -> list[Probe]:
        return [event for event in self.events()[since:] if isinstance(event, Probe) and event.node == node]

    def notes(self, node: str, since: int = 0) -> list[Note]:
        return [event for event in self.events()[since:] if isinstance(event, Note) and event.node == node]

    def announcements(self, node: str, since: int = 0) -> list[Announcement]:
        return [event for event in self.events()[since:] if isinstance(event, Announcement) and event.node == node]

    def first_told(self, node: str) -> dict[tuple[str, int], float]:
        """When this director first told of each client's connection."""
        first: dict[tuple[str, int], float] = {}
        for event in self.events():
            if isinstance(event, Told) and event.node == node:
                for client in event.clients:
                    first.setdefault(client, event.time)
        return first
