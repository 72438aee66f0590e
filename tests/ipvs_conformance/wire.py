"""Packets as bytes: builders for what the probes send, and one line of text for what a node received.

The text says what a director may not change (addresses, ports, flags, payload, IP identification) and what it must change (TTL), checks
every checksum, and leaves out what no two runs share. A packet that carries a wrong checksum says so in its line.
"""

import hashlib
import ipaddress
import struct

TCP, UDP, ICMP, ICMP6, FRAGMENT = 6, 17, 1, 58, 44
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
    return ipaddress.ip_address(text).packed


def pseudo_header(source: bytes, destination: bytes, protocol: int, length: int) -> bytes:
    """RFC 9293 3.1 for IPv4, RFC 8200 8.1 for IPv6; by the length of the addresses."""
    return source + destination + struct.pack("!BBH" if len(source) == 4 else "!IHBB", *((0, protocol, length) if len(source) == 4 else
                                                                                        (length, 0, 0, protocol)))


def ip(source: str, destination: str, protocol: int, payload: bytes, **fields) -> bytes:
    """A packet of the addresses' family; see ipv4 and ipv6 for the fields."""
    return (ipv6 if ":" in source else ipv4)(source, destination, protocol, payload, **fields)


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


def ipv6(source: str, destination: str, protocol: int, payload: bytes, *, ttl: int = 64, tos: int = 0) -> bytes:
    """An IPv6 packet. `ttl` is the hop limit, `tos` the traffic class."""
    return struct.pack("!IHBB", 6 << 28 | tos << 20, len(payload), protocol, ttl) + address(source) + address(destination) + payload


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


def icmp_message(kind: int, code: int, rest: int, body: bytes, pseudo: bytes = b"") -> bytes:
    """`rest` is the second word of the header: identifier and sequence of an echo, the next hop's MTU of fragmentation needed."""
    message = struct.pack("!BBHI", kind, code, 0, rest) + body
    return message[:2] + struct.pack("!H", checksum(pseudo + message)) + message[4:]


def icmp(source: str, destination: str, kind: int, code: int, rest: int, body: bytes, **fields) -> bytes:
    """An ICMP or, between IPv6 addresses, an ICMPv6 message."""
    if ":" not in source:
        return ipv4(source, destination, ICMP, icmp_message(kind, code, rest, body), **fields)
    pseudo = pseudo_header(address(source), address(destination), ICMP6, 8 + len(body))
    return ipv6(source, destination, ICMP6, icmp_message(kind, code, rest, body, pseudo), **fields)


def tcp(source: str, source_port: int, destination: str, destination_port: int, flags: int, payload: bytes = b"", *, acknowledgement: int = 0,
        wrong_tcp_checksum: bool = False, **fields) -> bytes:
    segment = tcp_segment(source, destination, source_port, destination_port, flags, payload, acknowledgement=acknowledgement,
                          wrong_checksum=wrong_tcp_checksum)
    return ip(source, destination, TCP, segment, **fields)


def udp(source: str, source_port: int, destination: str, destination_port: int, payload: bytes = b"", **fields) -> bytes:
    return ip(source, destination, UDP, udp_datagram(source, destination, source_port, destination_port, payload), **fields)


def echo_request(source: str, destination: str, number: int, **fields) -> bytes:
    return icmp(source, destination, 128 if ":" in source else 8, 0, 0x77000000 | number, b"penstock", **fields)


def fragments(packet: bytes, size: int) -> list[bytes]:
    """The packet (without options or extension headers) in fragments of `size` bytes of payload, a multiple of 8."""
    if packet[0] >> 4 == 6:
        payload, pieces = packet[40:], []
        for at in range(0, len(payload), size):
            piece = struct.pack("!BBHI", packet[6], 0, at | (at + size < len(payload)), 0x1234) + payload[at:at + size]
            pieces.append(packet[:4] + struct.pack("!HB", len(piece), FRAGMENT) + packet[7:40] + piece)
        return pieces
    source, destination = (str(ipaddress.IPv4Address(packet[at:at + 4])) for at in (12, 16))
    identification = struct.unpack("!H", packet[4:6])[0]
    payload = packet[20:]
    return [ipv4(source, destination, packet[9], payload[at:at + size], ttl=packet[8], identification=identification,
                 more_fragments=at + size < len(payload), offset=at) for at in range(0, len(payload), size)]


# Text


def fingerprint(payload: bytes) -> str:
    return f"{len(payload)} bytes {hashlib.sha256(payload).hexdigest()[:8]}" if payload else "no data"


class Header:
    """The network header of a packet, of either family, and the payload that it announces."""

    def __init__(self, packet: bytes):
        self.version = packet[0] >> 4
        if self.version == 6:
            first_word, length, self.protocol, self.ttl = struct.unpack("!IHBB", packet[:8])
            self.source, self.destination = packet[8:24], packet[24:40]
            self.tos, self.identification, self.dont_fragment, self.options = first_word >> 20 & 0xFF, 0, False, b""
            self.total_length, self.header_length, self.offset, self.more = 40 + length, 40, 0, False
            if self.protocol == FRAGMENT and len(packet) >= 48:
                self.protocol, _, offset, self.identification = struct.unpack("!BBHI", packet[40:48])
                self.header_length, self.offset, self.more = 48, offset & ~7, bool(offset & 1)
        else:
            self.tos, self.ttl, self.protocol = packet[1], packet[8], packet[9]
            self.total_length, self.identification, flags = struct.unpack("!HHH", packet[2:8])
            self.source, self.destination = packet[12:16], packet[16:20]
            self.header_length = (packet[0] & 15) * 4
            self.options = packet[20:self.header_length]
            self.offset, self.more, self.dont_fragment = (flags & 0x1FFF) * 8, bool(flags & 0x2000), bool(flags & 0x4000)
        self.bytes = packet[:self.header_length]
        self.payload = packet[self.header_length:self.total_length]

    @property
    def is_fragment(self) -> bool:
        return self.more or self.offset > 0

    def ends(self, source_port: int | None = None, destination_port: int | None = None) -> str:
        def end(packed: bytes, port: int | None) -> str:
            text = str(ipaddress.ip_address(packed))
            return text if port is None else f"[{text}]:{port}" if ":" in text else f"{text}:{port}"

        return f"{end(self.source, source_port)} > {end(self.destination, destination_port)}"

    def wrong_sum(self, name: str) -> str:
        """Words about a payload whose checksum includes the pseudo header, if it is wrong."""
        wrong = checksum(pseudo_header(self.source, self.destination, self.protocol, len(self.payload)) + self.payload)
        return f" WRONG {name} CHECKSUM" if wrong else ""


def describe(packet: bytes) -> str:
    """One line for a packet as a node received it, without link-layer padding."""
    header = Header(packet)
    words = [describe_payload(header), f"ttl {header.ttl}"]
    if header.dont_fragment:
        words.append("DF")
    if header.tos:
        words.append(f"tos {header.tos:#04x}")
    if header.options:
        words.append(f"options {header.options.hex()}")
    if header.version == 4 and checksum(header.bytes):
        words.append("WRONG IP CHECKSUM")
    return ", ".join(words)


def describe_payload(header: Header) -> str:
    payload = header.payload
    if header.is_fragment:
        return f"fragment {header.ends()} protocol {header.protocol} offset {header.offset}{' more' if header.more else ''} {fingerprint(payload)}"
    if header.protocol == TCP and len(payload) >= 20:
        source_port, destination_port, sequence, acknowledgement, data_offset, flags = struct.unpack("!HHIIBB", payload[:14])
        letters = "".join(letter for bit, letter in FLAG_LETTERS if flags & bit) or "-"
        # The initial sequence number of a kernel that answers a SYN is random.
        numbers = f"ack {acknowledgement}" if letters == "SA" else f"seq {sequence} ack {acknowledgement}"
        return (f"TCP {header.ends(source_port, destination_port)} [{letters}] {numbers} {fingerprint(payload[(data_offset >> 4) * 4:])}"
                f"{header.wrong_sum('TCP')}")
    if header.protocol == UDP and len(payload) >= 8:
        source_port, destination_port, _, sum_field = struct.unpack("!HHHH", payload[:8])
        return f"UDP {header.ends(source_port, destination_port)} {fingerprint(payload[8:])}{header.wrong_sum('UDP') if sum_field else ''}"
    if header.protocol in (ICMP, ICMP6) and len(payload) >= 8:
        return describe_icmp(header)
    return f"protocol {header.protocol} {header.ends()} {fingerprint(payload)}"


def describe_icmp(header: Header) -> str:
    kind, code, _, rest = struct.unpack("!BBHI", header.payload[:8])
    if header.version == 6:
        name, wrong, echo = "ICMPv6", header.wrong_sum("ICMPv6"), (128, 129)
    else:
        name, wrong, echo = "ICMP", " WRONG ICMP CHECKSUM" if checksum(header.payload) else "", (0, 8)
    if kind in echo:
        return f"{name} {header.ends()} type {kind} code {code} id {rest >> 16:#x} number {rest & 0xFFFF}{wrong}"
    return f"{name} {header.ends()} type {kind} code {code} rest {rest} quotes <{describe_quote(header.payload[8:])}>{wrong}"


def describe_quote(quoted: bytes) -> str:
    """The quoted header, and the ports if they are there. How much more is quoted is left to the sender (RFC 1812, 4.3.2.3)."""
    if len(quoted) < (40 if quoted and quoted[0] >> 4 == 6 else 20):
        return f"{len(quoted)} bytes"
    header = Header(quoted)
    transport = quoted[header.header_length:]
    ports = struct.unpack("!HH", transport[:4]) if len(transport) >= 4 and header.protocol in (TCP, UDP) else ()
    enough = "" if len(transport) >= 8 else " CUT SHORT"
    return (f"protocol {header.protocol} {header.ends(*ports)} length {header.total_length} id {header.identification} ttl {header.ttl}{enough}")


class Reassembly:
    """Puts fragments together as a receiver would: a director may hand on a datagram whole or in other pieces than it came in."""

    def __init__(self):
        self._pieces: dict[tuple, dict[int, Header]] = {}

    def add(self, packet: bytes) -> bytes | None:
        """The whole packet once all of it is there; a packet that is no fragment at once; else None."""
        header = Header(packet)
        if not header.is_fragment:
            return packet
        key = (header.source, header.destination, header.protocol, header.identification)
        pieces = self._pieces.setdefault(key, {})
        pieces[header.offset] = header
        ordered = [pieces[at] for at in sorted(pieces)]
        ends = [piece.offset + len(piece.payload) for piece in ordered]
        if [piece.offset for piece in ordered] != [0, *ends[:-1]] or ordered[-1].more:
            return None
        del self._pieces[key]
        return whole_packet(ordered[0], b"".join(piece.payload for piece in ordered))

    def unfinished(self) -> list[str]:
        """One line for each datagram of which something is missing."""
        return [f"incomplete datagram {ipaddress.ip_address(key[0])} > {ipaddress.ip_address(key[1])}: "
                + " ".join(f"{at}+{len(pieces[at].payload)}" for at in sorted(pieces)) for key, pieces in self._pieces.items()]


def whole_packet(first: Header, payload: bytes) -> bytes:
    source, destination = str(ipaddress.ip_address(first.source)), str(ipaddress.ip_address(first.destination))
    if first.version == 6:
        return ipv6(source, destination, first.protocol, payload, ttl=first.ttl, tos=first.tos)
    return ipv4(source, destination, first.protocol, payload, ttl=first.ttl, tos=first.tos, identification=first.identification,
                options=first.options)
