"""IPVS's sync messages from bytes and to bytes, and sockets that hear and send them: for tests that watch the wire or forge what is on it.

Version 1 of Linux net/netfilter/ipvs/ip_vs_sync.c, and our own notes (sync/note.h). It shares nothing with the C++ codec, so each is a check
of the other.
"""

import dataclasses
import ipaddress
import json
import socket
import struct
from collections.abc import Iterable

from lab.lab import Lab
from lab.sockets import socket_in
from lab.topology import Node

GROUP, PORT = "224.0.0.81", 8848
HEADER = struct.Struct("!BBHBBH")
ENTRY = struct.Struct("!BBHIHHHHII")
SHIFTS, ENGINE_DATA, ENGINE_NAME, MAY_BE_SKIPPED = 1, 2, 3, 0x40
NOTES = {"want dump": 0x5001, "dump begins": 0x5002, "dump ends": 0x5003, "dump goes on": 0x5004}

TCP, UDP, SCTP = 6, 17, 132
# TCP's states by their numbers on the wire, as `ipvsadm -Lnc` calls them.
TCP_STATES = ("NONE", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT", "TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "SYNACK")
# Flags of direct routing: a connection that counts as active, one that doesn't, a persistence template.
ACTIVE, INACTIVE, TEMPLATE = 0x83, 0x183, 0x1183


@dataclasses.dataclass(frozen=True)
class Entry:
    client: str
    client_port: int
    virtual: str
    virtual_port: int
    server: str
    server_port: int
    protocol: int = TCP
    flags: int = ACTIVE
    state: int = 1
    # Seconds.
    timeout: int = 900
    firewall_mark: int = 0
    # Three numbers of input, three of output.
    shifts: tuple[int, ...] | None = None
    engine_data: bytes = b""
    engine_name: str = ""


@dataclasses.dataclass(frozen=True)
class Message:
    syncid: int
    entries: tuple[Entry, ...] = ()
    # One of NOTES.
    note: str | None = None


def _options(entry: Entry) -> bytes:
    parts = []
    if entry.shifts is not None:
        parts.append((SHIFTS, struct.pack("!6I", *entry.shifts)))
    parts += [(kind, data) for kind, data in ((ENGINE_DATA, entry.engine_data), (ENGINE_NAME, entry.engine_name.encode())) if data]
    return b"".join(bytes((kind, len(data))) + data for kind, data in parts)


def entry_bytes(entry: Entry) -> bytes:
    """An entry alone, without padding."""
    addresses = b"".join(ipaddress.ip_address(text).packed for text in (entry.client, entry.virtual, entry.server))
    tail = addresses + _options(entry)
    return ENTRY.pack(":" in entry.client, entry.protocol, ENTRY.size + len(tail), entry.flags, entry.state, entry.client_port, entry.virtual_port,
                      entry.server_port, entry.firewall_mark, entry.timeout) + tail


def message_bytes(syncid: int, entries: Iterable[bytes]) -> bytes:
    """A message of entries that are bytes already, whatever they say: zeros in front of one, so that it begins at a multiple of 4."""
    body, count = b"", 0
    for entry in entries:
        body, count = body + bytes(-len(body) % 4) + entry, count + 1
    return HEADER.pack(0, syncid, HEADER.size + len(body), count, 1, 0) + body


def encode(message: Message) -> bytes:
    """As the kernel writes it."""
    if message.note is not None:
        return HEADER.pack(0, message.syncid, HEADER.size, 0, 1, NOTES[message.note])
    return message_bytes(message.syncid, map(entry_bytes, message.entries))


def _with_options(entry: Entry, options: bytes) -> Entry:
    while options:
        kind, length = options[0] & ~MAY_BE_SKIPPED, options[1]
        data, options = options[2:2 + length], options[2 + length:]
        if kind == SHIFTS:
            entry = dataclasses.replace(entry, shifts=struct.unpack("!6I", data))
        elif kind == ENGINE_DATA:
            entry = dataclasses.replace(entry, engine_data=data)
        elif kind == ENGINE_NAME:
            entry = dataclasses.replace(entry, engine_name=data.decode())
    return entry


def decode(datagram: bytes) -> Message:
    """A message that is well formed; ValueError or struct.error where one isn't."""
    reserved, syncid, size, count, version, spare = HEADER.unpack_from(datagram)
    if (reserved, size, version) != (0, len(datagram), 1):
        raise ValueError(f"no version 1 message: {datagram[:HEADER.size].hex()} of {len(datagram)} bytes")
    if spare:
        return Message(syncid, note={number: name for name, number in NOTES.items()}[spare])
    entries, at = [], HEADER.size
    for _ in range(count):
        at += -at % 4
        kind, protocol, size, flags, state, client_port, virtual_port, server_port, mark, timeout = ENTRY.unpack_from(datagram, at)
        width = 16 if kind else 4
        addresses = [str(ipaddress.ip_address(datagram[start:start + width]))
                     for start in range(at + ENTRY.size, at + ENTRY.size + 3 * width, width)]
        entry = Entry(addresses[0], client_port, addresses[1], virtual_port, addresses[2], server_port, protocol, flags, state, timeout, mark)
        entries.append(_with_options(entry, datagram[at + ENTRY.size + 3 * width:at + size]))
        at += size
    if at != len(datagram):
        raise ValueError(f"{len(datagram) - at} bytes behind the last entry")
    return Message(syncid, tuple(entries))


def messages_in(pcap: bytes) -> Iterable[bytes]:
    """The datagrams of a pcap file of Ethernet and IPv4, in this machine's byte order."""
    at = 24
    while at < len(pcap):
        length = struct.unpack_from("=I", pcap, at + 8)[0]
        packet = pcap[at + 16 + 14:at + 16 + length]
        yield packet[(packet[0] & 15) * 4 + 8:]
        at += 16 + length


def _membership(lab: Lab, node: Node, interface: str | None) -> bytes:
    """struct ip_mreqn."""
    link = json.loads(lab.run(node.name, "ip", "-j", "link", "show", "dev", interface or node.interface).stdout)[0]
    return socket.inet_aton(GROUP) + bytes(4) + struct.pack("i", link["ifindex"])


def sender(lab: Lab, node: Node, interface: str | None = None) -> socket.socket:
    """Connected to the group, from that node's interface (its cable, or the one named); for send()."""
    result = socket_in(lab.namespace(node.name), socket.AF_INET, socket.SOCK_DGRAM)
    result.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, _membership(lab, node, interface))
    result.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
    result.connect((GROUP, PORT))
    return result


def listener(lab: Lab, node: Node, interface: str | None = None) -> socket.socket:
    """Hears the group on that node's interface; what nobody has read yet waits in it."""
    result = socket_in(lab.namespace(node.name), socket.AF_INET, socket.SOCK_DGRAM)
    result.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    result.bind((GROUP, PORT))
    result.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, _membership(lab, node, interface))
    return result
