"""Frames for floods: adverts with anything wrong about them, and small packets of other kinds. Whole Ethernet frames as bytes."""

import dataclasses
import socket
import struct

VRRP = 112
AUTHENTICATION_HEADER = 51
GROUP = "224.0.0.18"
GROUP_MAC = "01:00:5e:00:00:12"


def checksum(data: bytes) -> int:
    """RFC 1071."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def ethernet(source: str, destination: str, ether_type: int, payload: bytes) -> bytes:
    """Padded to the 60 bytes that a wire asks for."""
    return (mac(destination) + mac(source) + struct.pack("!H", ether_type) + payload).ljust(60, b"\0")


@dataclasses.dataclass(frozen=True)
class Advert:
    """An IPv4 advert that is right, until a field says otherwise. Its bytes are frame()."""
    source: str
    source_mac: str
    vrid: int
    priority: int
    addresses: tuple[str, ...]
    version: int = 2
    # Version 2: seconds; version 3: centiseconds.
    interval: int = 1
    password: str = ""
    destination: str = GROUP
    destination_mac: str = GROUP_MAC
    ttl: int = 255
    kind: int = 1
    # Each None is what it should be.
    authentication_type: int | None = None
    address_count: int | None = None
    checksum_error: int = 0
    authentication_header: bool = False
    # Bytes of the message that are sent; all of them.
    cut: int | None = None
    options: bytes = b""
    fragment: int = 0
    ip_version: int = 4
    header_words: int | None = None
    total_length: int | None = None
    ip_checksum_error: int = 0

    def message(self) -> bytes:
        count = len(self.addresses) if self.address_count is None else self.address_count
        if self.version == 2:
            kind = (1 if self.password else 0) if self.authentication_type is None else self.authentication_type
            interval = kind << 8 | self.interval
        else:
            interval = self.interval
        listed = b"".join(socket.inet_aton(address) for address in self.addresses)
        tail = self.password.encode()[:8].ljust(8, b"\0") if self.version == 2 else b""

        def with_checksum(value: int) -> bytes:
            return struct.pack("!BBBBHH", self.version << 4 | self.kind, self.vrid, self.priority, count, interval, value) + listed + tail

        plain = with_checksum(0)
        pseudo = socket.inet_aton(self.source) + socket.inet_aton(self.destination) + struct.pack("!BBH", 0, VRRP, len(plain))
        whole = with_checksum(checksum((pseudo if self.version == 3 else b"") + plain) ^ self.checksum_error)
        return whole if self.cut is None else whole[:self.cut]

    def frame(self) -> bytes:
        payload, protocol = self.message(), VRRP
        if self.authentication_header:
            payload = struct.pack("!BBHII", VRRP, 4, 0, 1, 1) + bytes(12) + payload
            protocol = AUTHENTICATION_HEADER
        words = 5 + len(self.options) // 4
        length = words * 4 + len(payload) if self.total_length is None else self.total_length

        def header(value: int) -> bytes:
            return struct.pack("!BBHHHBBH4s4s", self.ip_version << 4 | (words if self.header_words is None else self.header_words), 0xC0, length, 1,
                               self.fragment, self.ttl, protocol, value, socket.inet_aton(self.source), socket.inet_aton(self.destination)) + self.options

        return ethernet(self.source_mac, self.destination_mac, 0x0800, header(checksum(header(0)) ^ self.ip_checksum_error) + payload)


def udp(source_mac: str, destination_mac: str, source: str, destination: str, source_port: int, destination_port: int) -> bytes:
    """A datagram of 18 bytes without a checksum: the smallest frame of Ethernet."""
    datagram = struct.pack("!HHHH", source_port, destination_port, 26, 0) + bytes(18)

    def header(value: int) -> bytes:
        return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(datagram), 1, 0, 64, 17, value, socket.inet_aton(source), socket.inet_aton(destination))

    return ethernet(source_mac, destination_mac, 0x0800, header(checksum(header(0))) + datagram)


def arp_request(source_mac: str, source: str, target: str) -> bytes:
    return ethernet(source_mac, "ff:ff:ff:ff:ff:ff", 0x0806, struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + mac(source_mac) + socket.inet_aton(source)
                    + bytes(6) + socket.inet_aton(target))


def file_of(frames: list[bytes]) -> bytes:
    """As bench/wire_peer.cc reads it."""
    return b"".join(struct.pack("!H", len(frame)) + frame for frame in frames)
