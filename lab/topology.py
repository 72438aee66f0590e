"""Who is in the lab, and with which addresses: the one place that says so.

The addresses are the how-to's. A director's kernel interface is called x0, because the name eth0, which keepalived.conf uses, is left for
the TAP that penstockd makes; the director's own address lives on that TAP and is not set here.
"""

import dataclasses

VIP = "192.168.1.200"
VIP6 = "fd77::200"
PREFIX_LENGTH = 24
PREFIX_LENGTH6 = 64


@dataclasses.dataclass(frozen=True)
class Node:
    name: str
    interface: str
    # The last octets of its addresses 192.168.1.N and fd77::N.
    numbers: tuple[int, ...]
    # Whether the kernel of this namespace owns the addresses; else they are for penstockd's TAP.
    owns_addresses: bool = True
    is_real_server: bool = False

    @property
    def address(self) -> str:
        return f"192.168.1.{self.numbers[0]}"

    @property
    def address6(self) -> str:
        return f"fd77::{self.numbers[0]}"

    @property
    def addresses(self) -> list[str]:
        return [f"192.168.1.{number}" for number in self.numbers]

    @property
    def addresses6(self) -> list[str]:
        return [f"fd77::{number}" for number in self.numbers]

    @property
    def mac(self) -> str:
        return f"02:50:53:00:00:{self.numbers[0]:02x}"


CLIENT = Node("client", "eth0", (10, 11, 12, 13))
DIRECTOR = Node("director", "x0", (102,), owns_addresses=False)
DIRECTOR2 = Node("director2", "x0", (103,), owns_addresses=False)
REAL_SERVERS = tuple(Node(f"rs{index + 1}", "eth0", (179 + index,), is_real_server=True) for index in range(3))
NODES = (CLIENT, DIRECTOR, DIRECTOR2, *REAL_SERVERS)


def node(name: str) -> Node:
    """The node of that name; KeyError when there is none."""
    return {each.name: each for each in NODES}[name]
