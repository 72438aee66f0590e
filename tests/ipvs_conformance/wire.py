"""Packets as bytes: builders for what the probes send, and one line of text for what a node received.

The text says what a director may not change (addresses, ports, flags, payload, IP identification) and what it must change (TTL), checks
every checksum, and leaves out what no two runs share. A packet that carries a wrong checksum says so in its line.
"""

import hashlib
import ipaddress
import struct

TCP, UDP, ICMP = 6, 17, 1
FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10
FLAG_LETTERS = ((SYN, "S"), (ACK, "A"), (FIN, "F"), (RST, "R"), (PSH, "P"))


def checksum(data: bytes) -> int:
    """The Internet checksum of RFC 1071; 0 over data that holds its own correct checksum."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def address(text: str) -> bytes:
    return ipaddress.IPv4Address(text).packed


def pseudo_header(source: bytes, destination: bytes, protocol: int, length: int) -> bytes:
    return source + destination + struct.pack("!BBH", 0, protocol, length)


def ipv4(source: str, destination: str, protocol: int, payload: bytes, *, ttl: int = 64, dont_fragment: bool = False, identification: int = 1,
         more_fragments: bool = False, offset: int = 0, tos: int = 0, options: bytes = b"", wrong_checksum: bool = False) -> bytes:
    """An IPv4 packet. `offset` is in bytes, a multiple of 8; `options` a multiple of 4 bytes."""
    flags = (0x4000 if dont_fragment else 0) | (0x2000 if more_fragments else 0) | offset // 8
    header_length = 20 + len(options)

    def header(sum_field: int) -> bytes:
        return struct.pack("!BBHHHBBH4s4s", 0x40 | header_length // 4, tos, header_length + len(payload), identification, flags, ttl, protocol,
                           sum_field, address(source), address(destination)) + options

    right = checksum(header(0))
    return header(right ^ 0x5555 if wrong_checksum else right) + payload


def tcp_segment(source: str, destination: str, source_port: int, destination_port: int, flags: int, payload: bytes = b"", *,
                sequence: int = 1000, acknowledgement: int = 0, wrong_checksum: bool = False) -> bytes:
    def segment(sum_field: int) -> bytes:
        return struct.pack("!HHIIBBHHH", source_port, destination_port, sequence, acknowledgement, 5 << 4, flags, 8192, sum_field, 0) + payload

    right = checksum(pseudo_header(address(source), address(destination), TCP, 20 + len(payload)) + segment(0))
    return segment(right ^ 0x5555 if wrong_checksum else right)


def udp_datagram(source: str, destination: str, source_port: int, destination_port: int, payload: bytes) -> bytes:
    def datagram(sum_field: int) -> bytes:
        return struct.pack("!HHHH", source_port, destination_port, 8 + len(payload), sum_field) + payload

    return datagram(checksum(pseudo_header(address(source), address(destination), UDP, 8 + len(payload)) + datagram(0)) or 0xFFFF)


def icmp_message(kind: int, code: int, rest: int, body: bytes) -> bytes:
    """`rest` is the second word of the header: identifier and sequence of an echo, the next hop's MTU of fragmentation needed."""
    message = struct.pack("!BBHI", kind, code, 0, rest) + body
    return message[:2] + struct.pack("!H", checksum(message)) + message[4:]


def tcp(source: str, source_port: int, destination: str, destination_port: int, flags: int, payload: bytes = b"", *, acknowledgement: int = 0,
        wrong_tcp_checksum: bool = False, **ip) -> bytes:
    segment = tcp_segment(source, destination, source_port, destination_port, flags, payload, acknowledgement=acknowledgement,
                          wrong_checksum=wrong_tcp_checksum)
    return ipv4(source, destination, TCP, segment, **ip)


def udp(source: str, source_port: int, destination: str, destination_port: int, payload: bytes = b"", **ip) -> bytes:
    return ipv4(source, destination, UDP, udp_datagram(source, destination, source_port, destination_port, payload), **ip)


def echo_request(source: str, destination: str, number: int, **ip) -> bytes:
    return ipv4(source, destination, ICMP, icmp_message(8, 0, 0x77000000 | number, b"penstock"), **ip)


def fragments(packet: bytes, size: int) -> list[bytes]:
    """The packet (without options) in fragments of `size` bytes of payload, a multiple of 8."""
    source, destination = (str(ipaddress.IPv4Address(packet[at:at + 4])) for at in (12, 16))
    identification = struct.unpack("!H", packet[4:6])[0]
    payload = packet[20:]
    return [ipv4(source, destination, packet[9], payload[at:at + size], ttl=packet[8], identification=identification,
                 more_fragments=at + size < len(payload), offset=at) for at in range(0, len(payload), size)]


# Text


def fingerprint(payload: bytes) -> str:
    return f"{len(payload)} bytes {hashlib.sha256(payload).hexdigest()[:8]}" if payload else "no data"


def describe(packet: bytes) -> str:
    """One line for an IPv4 packet as a node received it, without link-layer padding."""
    header_length = (packet[0] & 15) * 4
    total_length, identification, flags = struct.unpack("!HHH", packet[2:8])
    source, destination = packet[12:16], packet[16:20]
    payload = packet[header_length:total_length]
    words = [describe_payload(packet[9], source, destination, payload, (flags & 0x1FFF) * 8, bool(flags & 0x2000))]
    words.append(f"ttl {packet[8]}")
    if flags & 0x4000:
        words.append("DF")
    if packet[1]:
        words.append(f"tos {packet[1]:#04x}")
    if header_length > 20:
        words.append(f"options {packet[20:header_length].hex()}")
    if checksum(packet[:header_length]):
        words.append("WRONG IP CHECKSUM")
    return ", ".join(words)


def describe_payload(protocol: int, source: bytes, destination: bytes, payload: bytes, offset: int, more: bool) -> str:
    ends = f"{ipaddress.IPv4Address(source)}%s > {ipaddress.IPv4Address(destination)}%s"
    if offset or more:
        return f"fragment {ends % ('', '')} protocol {protocol} offset {offset}{' more' if more else ''} {fingerprint(payload)}"
    if protocol == TCP and len(payload) >= 20:
        source_port, destination_port, sequence, acknowledgement, data_offset, flags = struct.unpack("!HHIIBB", payload[:14])
        letters = "".join(letter for bit, letter in FLAG_LETTERS if flags & bit) or "-"
        wrong = checksum(pseudo_header(source, destination, TCP, len(payload)) + payload)
        # The initial sequence number of a kernel that answers a SYN is random.
        numbers = f"ack {acknowledgement}" if letters == "SA" else f"seq {sequence} ack {acknowledgement}"
        return (f"TCP {ends % (f':{source_port}', f':{destination_port}')} [{letters}] {numbers} {fingerprint(payload[(data_offset >> 4) * 4:])}"
                f"{' WRONG TCP CHECKSUM' if wrong else ''}")
    if protocol == UDP and len(payload) >= 8:
        source_port, destination_port, _, sum_field = struct.unpack("!HHHH", payload[:8])
        wrong = sum_field and checksum(pseudo_header(source, destination, UDP, len(payload)) + payload)
        return f"UDP {ends % (f':{source_port}', f':{destination_port}')} {fingerprint(payload[8:])}{' WRONG UDP CHECKSUM' if wrong else ''}"
    if protocol == ICMP and len(payload) >= 8:
        return describe_icmp(ends % ("", ""), payload)
    return f"protocol {protocol} {ends % ('', '')} {fingerprint(payload)}"


def describe_icmp(ends: str, message: bytes) -> str:
    kind, code, _, rest = struct.unpack("!BBHI", message[:8])
    wrong = " WRONG ICMP CHECKSUM" if checksum(message) else ""
    if kind in (0, 8):
        return f"ICMP {ends} type {kind} code {code} id {rest >> 16:#x} number {rest & 0xFFFF}{wrong}"
    return f"ICMP {ends} type {kind} code {code} rest {rest} quotes <{describe_quote(message[8:])}>{wrong}"


def describe_quote(quoted: bytes) -> str:
    """The quoted header, and the ports if they are there. How much more is quoted is left to the sender (RFC 1812, 4.3.2.3)."""
    if len(quoted) < 20:
        return f"{len(quoted)} bytes"
    header_length = (quoted[0] & 15) * 4
    total_length, identification = struct.unpack("!HH", quoted[2:6])
    ports = quoted[header_length:header_length + 4]
    names = ["", ""]
    if len(ports) == 4 and quoted[9] in (TCP, UDP):
        names = [f":{port}" for port in struct.unpack("!HH", ports)]
    enough = "" if len(quoted) >= header_length + 8 else " CUT SHORT"
    return (f"protocol {quoted[9]} {ipaddress.IPv4Address(quoted[12:16])}{names[0]} > {ipaddress.IPv4Address(quoted[16:20])}{names[1]} "
            f"length {total_length} id {identification} ttl {quoted[8]}{enough}")


class Reassembly:
    """Puts fragments together as a receiver would: a director may hand on a datagram whole or in other pieces than it came in."""

    def __init__(self):
        self._pieces: dict[bytes, dict[int, bytes]] = {}
        self._length: dict[bytes, int] = {}
        self._header: dict[bytes, bytes] = {}

    def add(self, packet: bytes) -> bytes | None:
        """The whole packet once all of it is there; a packet that is no fragment at once; else None."""
        flags = struct.unpack("!H", packet[6:8])[0]
        offset, more = (flags & 0x1FFF) * 8, bool(flags & 0x2000)
        if not offset and not more:
            return packet
        header_length = (packet[0] & 15) * 4
        total_length = struct.unpack("!H", packet[2:4])[0]
        key = packet[12:20] + packet[4:6] + packet[9:10]
        pieces = self._pieces.setdefault(key, {})
        pieces[offset] = packet[header_length:total_length]
        if not more:
            self._length[key] = offset + len(pieces[offset])
        if offset == 0:
            self._header[key] = packet[:header_length]
        payload = b"".join(pieces[at] for at in sorted(pieces))
        if key not in self._header or len(payload) != self._length.get(key):
            return None
        header = self._header.pop(key)
        del self._pieces[key], self._length[key]
        whole = header[:2] + struct.pack("!H", len(header) + len(payload)) + header[4:6] + b"\0\0" + header[8:10] + b"\0\0" + header[12:]
        return whole[:10] + struct.pack("!H", checksum(whole)) + whole[12:] + payload

    def unfinished(self) -> list[str]:
        """One line for each datagram of which something is missing."""
        return [f"incomplete datagram {ipaddress.IPv4Address(key[:4])} > {ipaddress.IPv4Address(key[4:8])}: "
                + " ".join(f"{at}+{len(pieces[at])}" for at in sorted(pieces)) for key, pieces in self._pieces.items()]
