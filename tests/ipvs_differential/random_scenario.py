"""A random scenario for both directors, the same for the same seed: packets of a few flows while servers come, go and are reweighted.

Nothing in it may depend on time: a connection that a RST has closed lasts ten seconds only, so RSTs come near the end. After each change of
a service's servers it gets new connections at once: where rr goes on after several changes at once is known to differ (docs/TESTING.md).
"""

import dataclasses
import random
from collections.abc import Callable

import wire
from bench import ROUTER, Bench
from directors import Service
from lab import topology
from wire import ACK, FIN, PSH, RST, SYN

VIP = topology.VIP
SERVERS = tuple(server.address for server in topology.REAL_SERVERS)
SCHEDULERS = ("rr", "wrr", "lc", "wlc")
FLAGS = (SYN, SYN, ACK, ACK, ACK, PSH | ACK, FIN | ACK, SYN | ACK, 0)
FLOWS = 6
FIRST_PORT, FIRST_NEW_PORT = 20000, 40000
STEPS, STEPS_WITHOUT_RST = 40, 28
ICMP_ERRORS = ((3, 1, 0), (3, 3, 0), (3, 4, 1400), (11, 0, 0), (12, 0, 0), (4, 0, 0))


class RandomScenario:
    def __init__(self, seed: int):
        self._random = random.Random(seed)
        scheduler = self._random.choice(SCHEDULERS)
        self._services = [Service(protocol, 0, scheduler, self._some_servers()) for protocol in ("tcp", "udp")]
        self._new_port = FIRST_NEW_PORT

    def play(self, bench: Bench, port: int) -> None:
        self._services = [dataclasses.replace(service, port=port) for service in self._services]
        self._configure(bench)
        for step in range(STEPS):
            if self._random.randrange(8) == 0:
                self._change(bench)
            title, packets = self._packets(bench, port, with_rst=step >= STEPS_WITHOUT_RST)
            bench.observe(f"{step}: {title}", *packets)
        bench.show_connections()
        for service in self._services:
            bench.show_services(service)
        bench.configure()

    def _some_servers(self) -> tuple[tuple[str, int], ...]:
        return tuple((address, self._random.randrange(4)) for address in SERVERS if self._random.randrange(4))

    def _configure(self, bench: Bench) -> None:
        bench.configure(*self._services)
        for service in self._services:
            bench.sequence("new connections", service, 2, first_port=self._new_port)
            self._new_port += 2

    def _change(self, bench: Bench) -> None:
        """One server of one service is added, removed or gets another weight."""
        at = self._random.randrange(len(self._services))
        address = self._random.choice(SERVERS)
        servers = dict(self._services[at].servers)
        if address in servers and self._random.randrange(2):
            del servers[address]
        else:
            servers[address] = self._random.randrange(4)
        self._services[at] = dataclasses.replace(self._services[at], servers=tuple(servers.items()))
        self._configure(bench)

    def _packets(self, bench: Bench, port: int, with_rst: bool) -> tuple[str, list[bytes]]:
        flow = FIRST_PORT + self._random.randrange(FLOWS)
        make = self._random.choice((self._tcp, self._tcp, self._tcp, self._tcp, self._udp, self._udp, self._fragmented, self._error, self._odd))
        return make(bench.client, flow, port, with_rst)

    def _fields(self) -> dict:
        return self._random.choice(({}, {}, {}, {"ttl": self._random.choice((1, 2, 255))}, {"tos": 0x48}, {"dont_fragment": True},
                                    {"options": b"\x01\x01\x01\x00"}))

    def _tcp(self, client: str, flow: int, port: int, with_rst: bool) -> tuple[str, list[bytes]]:
        flags = [self._random.choice((*FLAGS, RST, RST | ACK) if with_rst else FLAGS) for _ in range(self._random.randint(1, 3))]
        packets = [wire.tcp(client, flow, VIP, port, each, b"data" if each & PSH else b"", acknowledgement=5, **self._fields()) for each in flags]
        return f"TCP from {flow}", packets

    def _udp(self, client: str, flow: int, port: int, _: bool) -> tuple[str, list[bytes]]:
        size = self._random.choice((0, 1, 8, 300))
        return f"UDP from {flow}", [wire.udp(client, flow, VIP, port, bytes(size), **self._fields())]

    def _fragmented(self, client: str, flow: int, port: int, _: bool) -> tuple[str, list[bytes]]:
        datagram = wire.udp(client, flow, VIP, port, bytes(range(256)) * 6, identification=self._random.randrange(1, 65536))
        pieces = wire.fragments(datagram, 600)
        self._random.shuffle(pieces)
        return f"UDP in fragments from {flow}", pieces

    def _error(self, client: str, flow: int, port: int, _: bool) -> tuple[str, list[bytes]]:
        """About what a real server has sent."""
        kind, code, rest = self._random.choice(ICMP_ERRORS)
        build = self._random.choice((lambda: wire.tcp(VIP, port, client, flow, ACK, bytes(100)), lambda: wire.udp(VIP, port, client, flow, b"answer")))
        quoted = build()[:self._random.choice((22, 28, 60))]
        return f"ICMP {kind}/{code} about {flow}", [wire.icmp(ROUTER, VIP, kind, code, rest, quoted)]

    def _odd(self, client: str, flow: int, port: int, _: bool) -> tuple[str, list[bytes]]:
        return self._random.choice((
            ("wrong IP checksum", [wire.tcp(client, flow, VIP, port, SYN, wrong_checksum=True)]),
            ("wrong TCP checksum", [wire.tcp(client, flow, VIP, port, ACK, wrong_tcp_checksum=True)]),
            ("closed port", [wire.tcp(client, flow, VIP, 9, SYN)]),
            ("ping of the VIP", [wire.echo_request(client, VIP, flow & 0xFF)]),
            ("another protocol", [wire.ipv4(client, VIP, 253, b"experiment")]),
            ("ports cut off", [wire.ipv4(client, VIP, wire.UDP, b"\x4e\x20")]),
            ("SYN to the director's own address", [wire.tcp(client, flow, topology.DIRECTOR.address, port, SYN)])))


def scenario_of(seed: int) -> Callable[[Bench, int], None]:
    return RandomScenario(seed).play
