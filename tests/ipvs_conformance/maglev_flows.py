"""What the kernel's mh scheduler is asked: flows and cases, the same in every run.

tests/control/director/maglev_kernel_test.cc asks Penstock the same: whoever changes a flow or a case here changes it there, and writes
recorded-kernel-mh.txt anew (see maglev_play.py).
"""

import dataclasses
import ipaddress
import struct
from collections.abc import Iterator

FLOWS = 100_000
FIRST_PORT = 8000
SERVERS = 10
WEIGHTS = {"equal": (1,) * SERVERS, "graded": tuple(range(1, SERVERS + 1)), "steep": (1000, 7, 333, 64, 1, 0, 500, 2, 90, 1000)}
FALLBACK, PORT, BOTH = "mh-fallback", "mh-port", "mh-fallback,mh-port"
LIMIT = 50
NOBODY = "-"
MASK = (1 << 64) - 1


@dataclasses.dataclass(frozen=True)
class Case:
    """A service of SERVERS servers that are added one after the other; then one of them changes, and the flows come.

    `change`: "none"; "removed:N" the server N; "returned:N" it is removed and added once more; "zero:N" its weight becomes 0; "limited:N"
    its upper threshold is LIMIT connections.
    """
    port: int
    flags: str  # as ipvsadm -b has them, or "none"
    weights: str
    change: str

    @property
    def changed(self) -> int | None:
        return None if self.change == "none" else int(self.change.split(":")[1])

    def __str__(self) -> str:
        return f"{self.port} {self.flags} {','.join(map(str, WEIGHTS[self.weights]))} {self.change}"


def cases() -> list[Case]:
    """Those whose connections stay for the whole case come last."""
    asked = [(flags, weights, change) for weights in WEIGHTS for flags in ("none", PORT) for change in ("none", "removed:3")]
    asked += [(flags, weights, "zero:0") for weights in WEIGHTS for flags in ("none", FALLBACK, BOTH)]
    asked += [(PORT, weights, "returned:2") for weights in WEIGHTS]
    asked += [(flags, weights, "limited:2") for weights in ("equal", "graded") for flags in (PORT, BOTH)]
    return [Case(FIRST_PORT + number, *each) for number, each in enumerate(asked)]


@dataclasses.dataclass(frozen=True)
class Flow:
    source: bytes  # of 4 or 16 bytes
    port: int
    is_tcp: bool

    @property
    def is_v6(self) -> bool:
        return len(self.source) == 16

    def __str__(self) -> str:
        return f"{'TCP' if self.is_tcp else 'UDP'} {ipaddress.ip_address(self.source)} port {self.port}"


def mixed(number: int) -> int:
    """splitmix64 (Steele, Lea, Flood 2014): the same 64 random bits for the same number."""
    z = (number + 1) * 0x9E3779B97F4A7C15 & MASK
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
    return z ^ z >> 31


def flow(number: int) -> Flow:
    """One in eight by IPv6, half by TCP. IPv4 sources are unicast ones that nobody need think martian: 11.0.0.0 to 110.255.255.255. Ports from 1024
    on, because whatever the scheduler IPVS schedules no flow that comes from port 20 (ip_vs_core.c, ip_vs_schedule)."""
    what, first, second = (mixed(3 * number + i) for i in range(3))
    source = struct.pack("!IIQ", 0x20010DB8, first & 0xFFFFFFFF, second) if what % 8 == 0 else struct.pack(
        "!I", (11 + (first >> 32) % 100) << 24 | first & 0xFFFFFF)
    return Flow(source, 1024 + (what >> 8) % 64512, bool(what >> 7 & 1))


def flows() -> Iterator[Flow]:
    return map(flow, range(FLOWS))


def digest(picks: str) -> str:
    """FNV-1a of 64 bits."""
    value = 0xCBF29CE484222325
    for letter in picks.encode():
        value = (value ^ letter) * 0x100000001B3 & MASK
    return f"{value:016x}"


def summary(case: Case, picks: str) -> str:
    """One line of the record. `picks`: for each flow the letter of its server, "a" for the first, or NOBODY."""
    shares = ",".join(str(picks.count(letter)) for letter in [*map(chr, range(ord("a"), ord("a") + SERVERS)), NOBODY])
    return f"{case} {digest(picks)} {shares}"
