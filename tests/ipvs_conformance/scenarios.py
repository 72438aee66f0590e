"""What both directors are asked: each function is one scenario, with its own client address and its own port of the VIP.

A scenario's transcript depends on the order of packets alone, never on time.
"""

import dataclasses
from collections.abc import Callable

import wire
from bench import ROUTER, ROUTER6, Bench
from directors import Service
from lab import topology
from wire import ACK, FIN, PSH, RST, SYN

VIP, VIP6 = topology.VIP, topology.VIP6
RS1, RS2, RS3 = (server.address for server in topology.REAL_SERVERS)
ALL = ((RS1, 1), (RS2, 1), (RS3, 1))
ALL6 = tuple((server.address6, 1) for server in topology.REAL_SERVERS)
SCENARIOS: dict[str, Callable[[Bench, int], None]] = {}


def scenario(function):
    """Registers `function(bench, port)`; `port` is the VIP's port that belongs to this scenario alone."""
    SCENARIOS[function.__name__] = function
    return function


def weighted(*weights: int) -> tuple[tuple[str, int], ...]:
    return tuple(zip((RS1, RS2, RS3), weights))


def established(bench: Bench, service: Service, source_port: int) -> None:
    """A connection as a one-way director sees it: SYN, then the ACK of the handshake."""
    bench.observe("SYN and ACK of a new connection", wire.tcp(bench.client, source_port, service.address, service.port, SYN),
                  wire.tcp(bench.client, source_port, service.address, service.port, ACK, acknowledgement=1))


# Schedulers


@scenario
def round_robin(bench: Bench, port: int) -> None:
    for weights in ((1, 1, 1), (1, 3, 7), (0, 2, 1), (0, 0, 1)):
        service = Service("tcp", port, "rr", weighted(*weights))
        bench.configure(service)
        bench.sequence("servers", service, 8)
        bench.configure()
        port += 1


@scenario
def weighted_round_robin(bench: Bench, port: int) -> None:
    for weights in ((1, 1, 1), (1, 2, 3), (3, 2, 1), (5, 1, 1), (2, 4, 6), (0, 3, 1), (100, 1, 50)):
        service = Service("tcp", port, "wrr", weighted(*weights))
        bench.configure(service)
        bench.sequence("servers", service, 16)
        bench.configure()
        port += 1


@scenario
def least_connection(bench: Bench, port: int) -> None:
    """A half-open connection counts as active, like an established one: the kernel takes only the closing states as inactive."""
    for scheduler, weights in (("lc", (1, 1, 1)), ("lc", (0, 1, 5)), ("wlc", (1, 1, 1)), ("wlc", (1, 2, 4)), ("wlc", (0, 1, 3))):
        service = Service("tcp", port, scheduler, weighted(*weights))
        bench.configure(service)
        bench.sequence("servers of half-open connections", service, 9)
        established(bench, service, 30000)
        established(bench, service, 30001)
        bench.sequence("servers after two established", service, 9, first_port=21000)
        bench.show_services(service)
        bench.configure()
        port += 1


@scenario
def udp_round_robin(bench: Bench, port: int) -> None:
    for scheduler, weights in (("rr", (1, 1, 1)), ("wrr", (1, 2, 3))):
        service = Service("udp", port, scheduler, weighted(*weights))
        bench.configure(service)
        bench.sequence("servers", service, 12)
        bench.sequence("the same flows again", service, 12)
        bench.configure()
        port += 1


@scenario
def server_added_and_removed_between_connections(bench: Bench, port: int) -> None:
    """Where round robin goes on after its list has changed."""
    for scheduler in ("rr", "wrr"):
        service = Service("tcp", port, scheduler, ((RS1, 1), (RS2, 1)))
        bench.configure(service)
        bench.sequence("servers", service, 3)
        bench.configure(Service("tcp", port, scheduler, ALL))
        bench.sequence("after adding the third", service, 7, first_port=21000)
        bench.configure(Service("tcp", port, scheduler, ((RS1, 1), (RS3, 1))))
        bench.sequence("after removing the second", service, 5, first_port=22000)
        bench.configure(Service("tcp", port, scheduler, ((RS1, 1), (RS3, 4))))
        bench.sequence("after a change of weight", service, 7, first_port=23000)
        bench.configure()
        port += 1


# Listings and states


@scenario
def listings(bench: Bench, port: int) -> None:
    """One connection in each state that the client's side alone can bring about."""
    service = Service("tcp", port, "rr", ALL)
    bench.configure(service)
    bench.show_services(service)
    packets = {"half open": (SYN,), "established": (SYN, ACK), "data": (SYN, ACK, PSH | ACK), "closed by the client": (SYN, ACK, FIN | ACK),
               "closed and acknowledged": (SYN, ACK, FIN | ACK, ACK), "reset": (SYN, ACK, RST), "refused half open": (SYN, RST | ACK),
               "SYN again": (SYN, SYN), "SYN on an established one": (SYN, ACK, SYN), "FIN without handshake": (SYN, FIN | ACK)}
    for number, (name, flags) in enumerate(packets.items()):
        bench.observe(name, *(wire.tcp(bench.client, 20000 + number, VIP, port, each, b"data" if each & PSH else b"") for each in flags))
    bench.show_connections()
    bench.show_services(service)
    bench.configure()


@scenario
def udp_listings(bench: Bench, port: int) -> None:
    service = Service("udp", port, "wrr", weighted(1, 2, 3))
    bench.configure(service)
    for number in range(3):
        bench.observe("a flow's datagrams", *(wire.udp(bench.client, 20000 + number, VIP, port, b"hello") for _ in range(2)))
    bench.show_connections()
    bench.show_services(service)
    bench.configure()


# A packet, and the answer


@scenario
def plain_packets(bench: Bench, port: int) -> None:
    tcp_service, udp_service = Service("tcp", port, "rr", ALL), Service("udp", port, "rr", ALL)
    bench.configure(tcp_service, udp_service)
    client = bench.client
    bench.observe("SYN", wire.tcp(client, 20000, VIP, port, SYN))
    bench.observe("SYN with data, its own id and type of service", wire.tcp(client, 20001, VIP, port, SYN, b"early", identification=77, tos=0x48))
    bench.observe("SYN with don't fragment", wire.tcp(client, 20002, VIP, port, SYN, dont_fragment=True))
    bench.observe("SYN with an IP option", wire.tcp(client, 20003, VIP, port, SYN, options=b"\x01\x01\x01\x00"))
    bench.observe("SYN with a wrong TCP checksum", wire.tcp(client, 20004, VIP, port, SYN, wrong_tcp_checksum=True))
    bench.observe("SYN with a wrong IP checksum", wire.tcp(client, 20005, VIP, port, SYN, wrong_checksum=True))
    bench.observe_each("without a connection", {
        name: wire.tcp(client, 21000 + flags, VIP, port, flags, b"data" if flags & PSH else b"", acknowledgement=5)
        for name, flags in (("ACK", ACK), ("SYN ACK", SYN | ACK), ("FIN ACK", FIN | ACK), ("RST", RST), ("RST ACK", RST | ACK), ("no flag", 0),
                            ("data", PSH | ACK), ("SYN RST", SYN | RST), ("SYN FIN", SYN | FIN))})
    bench.observe("UDP", wire.udp(client, 20000, VIP, port, b"question"))
    bench.observe("UDP without data", wire.udp(client, 20001, VIP, port))
    bench.observe("closed TCP port of the VIP", wire.tcp(client, 20000, VIP, 9, SYN))
    bench.observe("closed UDP port of the VIP", wire.udp(client, 20000, VIP, 9, b"question"))
    bench.observe("ping of the VIP", wire.echo_request(client, VIP, 1))
    bench.observe("ping of the director", wire.echo_request(client, topology.DIRECTOR.address, 2))
    bench.observe("a protocol without services", wire.ipv4(client, VIP, 253, b"experiment"))
    bench.show_connections()
    bench.configure()


@scenario
def time_to_live(bench: Bench, port: int) -> None:
    tcp_service, udp_service = Service("tcp", port, "rr", ALL), Service("udp", port, "rr", ALL)
    bench.configure(tcp_service, udp_service)
    for ttl in (0, 1, 2, 255):
        bench.observe(f"SYN with TTL {ttl}", wire.tcp(bench.client, 20000 + ttl, VIP, port, SYN, ttl=ttl))
    established(bench, tcp_service, 30000)
    bench.observe("ACK of a connection with TTL 1", wire.tcp(bench.client, 30000, VIP, port, ACK, ttl=1))
    bench.observe("UDP with TTL 1", wire.udp(bench.client, 20000, VIP, port, b"question", ttl=1))
    bench.observe("ping of the VIP with TTL 1", wire.echo_request(bench.client, VIP, 1, ttl=1))
    bench.show_connections()
    bench.configure()


@scenario
def too_large(bench: Bench, port: int) -> None:
    """1504 bytes reach a director whose way out takes 1500: the lab's other cables take more."""
    tcp_service, udp_service = Service("tcp", port, "rr", ALL), Service("udp", port, "rr", ALL)
    bench.configure(tcp_service, udp_service)
    established(bench, tcp_service, 30000)
    data = bytes(1504 - 40)
    bench.observe("1500 bytes, don't fragment", wire.tcp(bench.client, 30000, VIP, port, ACK, data[4:], dont_fragment=True))
    bench.observe("1504 bytes, don't fragment", wire.tcp(bench.client, 30000, VIP, port, ACK, data, dont_fragment=True))
    bench.observe("1504 bytes of UDP, don't fragment", wire.udp(bench.client, 30000, VIP, port, bytes(1504 - 28), dont_fragment=True))
    bench.show_connections()
    bench.configure()


@scenario
def fragmented_datagrams(bench: Bench, port: int) -> None:
    service = Service("udp", port, "rr", ALL)
    bench.configure(service)

    def pieces(source_port: int) -> list[bytes]:
        datagram = wire.udp(bench.client, source_port, VIP, port, bytes(range(256)) * 8, identification=source_port)
        return wire.fragments(datagram, 800)

    first, second, third = pieces(20000)
    bench.observe("three fragments in order", first, second, third)
    first, second, third = pieces(20001)
    bench.observe("first fragment last", second, third, first)
    first, second, third = pieces(20002)
    bench.observe("last fragment first", third, first, second)
    one, two = pieces(20003), pieces(20004)
    bench.observe("two datagrams, interleaved", one[0], two[0], two[1], one[1], one[2], two[2])
    one = pieces(20000)
    bench.observe("a known flow's datagram", *one)
    bench.show_connections()
    bench.configure()


@scenario
def icmp_errors(bench: Bench, port: int) -> None:
    """An error about a packet that a real server sent to the client comes to the VIP, and belongs to that server."""
    tcp_service, udp_service = Service("tcp", port, "rr", ALL), Service("udp", port, "rr", ALL)
    bench.configure(tcp_service, udp_service)
    for source_port in (30000, 30001, 30002):
        established(bench, tcp_service, source_port)
    bench.observe("UDP", wire.udp(bench.client, 30000, VIP, port, b"question"))

    def error(kind: int, code: int, quoted: bytes, rest: int = 0, quoted_length: int = 28, **ip) -> bytes:
        return wire.icmp(ROUTER, VIP, kind, code, rest, quoted[:quoted_length], **ip)

    def reply(source_port: int, **ip) -> bytes:
        return wire.tcp(VIP, port, bench.client, source_port, ACK, bytes(1400), **ip)

    for source_port in (30000, 30001, 30002):
        bench.observe("fragmentation needed", error(3, 4, reply(source_port, dont_fragment=True), rest=1400))
    bench.observe("the same with a longer quote", error(3, 4, reply(30000, dont_fragment=True), rest=1400, quoted_length=200))
    bench.observe("host unreachable", error(3, 1, reply(30001)))
    bench.observe("time exceeded", error(11, 0, reply(30002)))
    bench.observe("source quench", error(4, 0, reply(30000)))
    bench.observe("parameter problem", error(12, 0, reply(30000)))
    bench.observe("port unreachable for the UDP flow", error(3, 3, wire.udp(VIP, port, bench.client, 30000, b"answer")))
    bench.observe("fragmentation needed, TTL 1", error(3, 4, reply(30000), rest=1400, ttl=1))
    bench.observe("about an unknown connection", error(3, 4, reply(30009), rest=1400))
    bench.observe("about a packet of the client's own", error(3, 4, wire.tcp(bench.client, 30000, VIP, port, ACK), rest=1400))
    bench.observe("quoting less than the ports", error(3, 4, reply(30000), rest=1400, quoted_length=22))
    bench.show_connections()
    bench.configure()


@scenario
def strange_sources(bench: Bench, port: int) -> None:
    """Packets that no honest client sends. An answer would go to somebody else, so only silence or forwarding can be seen."""
    bench.configure(Service("tcp", port, "rr", ALL))
    bench.client = VIP
    bench.observe("from the VIP itself", wire.tcp(VIP, 20000, VIP, port, SYN))
    for name, source in (("multicast", "224.0.0.5"), ("broadcast", "255.255.255.255"), ("loopback", "127.0.0.1"), ("zero", "0.0.0.0")):
        bench.client = source
        bench.observe(f"from a {name} address", wire.tcp(source, 20000, VIP, port, SYN))
    bench.configure()


# What happens to packets when servers change


@scenario
def no_server_left(bench: Bench, port: int) -> None:
    tcp_service, udp_service = Service("tcp", port, "rr", ((RS1, 1),)), Service("udp", port, "rr", ((RS1, 1),))
    bench.configure(tcp_service, udp_service)
    established(bench, tcp_service, 30000)
    bench.observe("UDP", wire.udp(bench.client, 30000, VIP, port, b"question"))
    bench.configure(Service("tcp", port, "rr", ()), Service("udp", port, "rr", ()))
    bench.observe("SYN", wire.tcp(bench.client, 20000, VIP, port, SYN))
    bench.observe("new UDP flow", wire.udp(bench.client, 20000, VIP, port, b"question"))
    bench.observe("ACK of the old connection", wire.tcp(bench.client, 30000, VIP, port, ACK))
    bench.observe("the old UDP flow", wire.udp(bench.client, 30000, VIP, port, b"question"))
    bench.observe("ACK without a connection", wire.tcp(bench.client, 20001, VIP, port, ACK))
    bench.show_services(Service("tcp", port, "rr", ()))
    bench.show_connections()
    bench.configure()


@scenario
def weight_zero(bench: Bench, port: int) -> None:
    service = Service("tcp", port, "rr", ALL)
    bench.configure(service)
    for source_port in (30000, 30001, 30002):
        established(bench, service, source_port)
    bench.configure(Service("tcp", port, "rr", weighted(0, 0, 1)))
    for source_port in (30000, 30001, 30002):
        bench.observe("ACK of an old connection", wire.tcp(bench.client, source_port, VIP, port, ACK))
    bench.sequence("servers of new connections", service, 3)
    bench.configure(Service("tcp", port, "rr", weighted(0, 0, 0)))
    bench.observe("SYN when all weights are zero", wire.tcp(bench.client, 22000, VIP, port, SYN))
    bench.observe("ACK of an old connection", wire.tcp(bench.client, 30000, VIP, port, ACK))
    bench.show_services(service)
    bench.show_connections()
    bench.configure()


@scenario
def server_removed(bench: Bench, port: int) -> None:
    """With expire_nodest_conn off, as it is by default."""
    tcp_service, udp_service = Service("tcp", port, "rr", ALL), Service("udp", port, "rr", ALL)
    bench.configure(tcp_service, udp_service)
    for source_port in (30000, 30001, 30002):
        established(bench, tcp_service, source_port)
        bench.observe("UDP", wire.udp(bench.client, source_port, VIP, port, b"question"))
    fewer = ((RS1, 1), (RS3, 1))
    bench.configure(Service("tcp", port, "rr", fewer), Service("udp", port, "rr", fewer))
    for source_port in (30000, 30001, 30002):
        bench.observe("ACK of an old connection", wire.tcp(bench.client, source_port, VIP, port, ACK))
        bench.observe("UDP of an old flow", wire.udp(bench.client, source_port, VIP, port, b"question"))
    bench.observe("SYN from the port of the connection whose server is gone", wire.tcp(bench.client, 30001, VIP, port, SYN))
    bench.sequence("servers of new connections", tcp_service, 4)
    bench.show_services(tcp_service)
    bench.show_connections()
    bench.configure(tcp_service, udp_service)
    for source_port in (30000, 30001, 30002):
        bench.observe("ACK when the server is back", wire.tcp(bench.client, source_port, VIP, port, ACK))
        bench.observe("UDP when the server is back", wire.udp(bench.client, source_port, VIP, port, b"question"))
    bench.show_services(tcp_service)
    bench.configure()


@scenario
def service_removed(bench: Bench, port: int) -> None:
    service = Service("tcp", port, "rr", ALL)
    bench.configure(service)
    established(bench, service, 30000)
    bench.configure()
    bench.observe("ACK of the old connection", wire.tcp(bench.client, 30000, VIP, port, ACK, acknowledgement=5))
    bench.observe("SYN", wire.tcp(bench.client, 20000, VIP, port, SYN))
    bench.show_connections()
    bench.configure(service)
    bench.observe("ACK of the old connection when the service is back", wire.tcp(bench.client, 30000, VIP, port, ACK, acknowledgement=5))
    bench.configure()


@scenario
def connection_reuse(bench: Bench, port: int) -> None:
    """A SYN on an existing connection, after each way that it may have gone (conn_reuse_mode=1)."""
    service = Service("tcp", port, "rr", ALL)
    bench.configure(service)
    for number, (name, flags) in enumerate({"half open": (SYN,), "established": (SYN, ACK), "FIN_WAIT": (SYN, ACK, FIN | ACK),
                                            "reset": (SYN, ACK, RST)}.items()):
        packets = [wire.tcp(bench.client, 30000 + number, VIP, port, each) for each in flags]
        bench.observe(f"{name}, and a SYN from the same port", *packets, wire.tcp(bench.client, 30000 + number, VIP, port, SYN))
    bench.show_connections()
    bench.configure()


@scenario
def director_as_real_server(bench: Bench, port: int) -> None:
    """A real server that is the director itself: its kernel gets the packet."""
    servers = ((topology.DIRECTOR.address, 1), (RS1, 1))
    tcp_service, udp_service = Service("tcp", port, "rr", servers), Service("udp", port, "rr", servers)
    bench.configure(tcp_service, udp_service)
    with bench.listen_on_director(tcp_service), bench.listen_on_director(udp_service) as udp_socket:
        for source_port in (20000, 20001):
            bench.observe("SYN", wire.tcp(bench.client, source_port, VIP, port, SYN))
            bench.observe("UDP", wire.udp(bench.client, source_port, VIP, port, b"question"))
            bench.received_by(udp_socket)
        bench.show_services(tcp_service)
        bench.show_connections()
    bench.configure()


# IPv6. A scenario's name says so: it gets an IPv6 address for its client.


def ipv6_service(protocol: str, port: int, servers=ALL6) -> Service:
    return Service(protocol, port, "rr", servers, VIP6)


@scenario
def ipv6_plain_packets(bench: Bench, port: int) -> None:
    tcp_service, udp_service = ipv6_service("tcp", port), ipv6_service("udp", port)
    bench.configure(tcp_service, udp_service)
    client = bench.client
    bench.sequence("servers", tcp_service, 6)
    bench.sequence("servers of UDP", udp_service, 6)
    bench.observe("SYN", wire.tcp(client, 21000, VIP6, port, SYN))
    bench.observe("SYN with data and a traffic class", wire.tcp(client, 21001, VIP6, port, SYN, b"early", tos=0x48))
    bench.observe("SYN with a wrong TCP checksum", wire.tcp(client, 21002, VIP6, port, SYN, wrong_tcp_checksum=True))
    bench.observe_each("without a connection", {
        name: wire.tcp(client, 22000 + flags, VIP6, port, flags, acknowledgement=5) for name, flags in (("ACK", ACK), ("RST", RST))})
    bench.observe("UDP", wire.udp(client, 21000, VIP6, port, b"question"))
    bench.observe("closed TCP port of the VIP", wire.tcp(client, 21000, VIP6, 9, SYN))
    bench.observe("closed UDP port of the VIP", wire.udp(client, 21000, VIP6, 9, b"question"))
    bench.observe("ping of the VIP", wire.echo_request(client, VIP6, 1))
    bench.show_services(tcp_service)
    bench.show_connections()
    bench.configure()


@scenario
def ipv6_hop_limit(bench: Bench, port: int) -> None:
    tcp_service, udp_service = ipv6_service("tcp", port), ipv6_service("udp", port)
    bench.configure(tcp_service, udp_service)
    for limit in (0, 1, 2, 255):
        bench.observe(f"SYN with hop limit {limit}", wire.tcp(bench.client, 20000 + limit, VIP6, port, SYN, ttl=limit))
    bench.observe("UDP with hop limit 1", wire.udp(bench.client, 20000, VIP6, port, b"question", ttl=1))
    bench.show_connections()
    bench.configure()


@scenario
def ipv6_too_large(bench: Bench, port: int) -> None:
    tcp_service, udp_service = ipv6_service("tcp", port), ipv6_service("udp", port)
    bench.configure(tcp_service, udp_service)
    established(bench, tcp_service, 30000)
    bench.observe("1500 bytes", wire.tcp(bench.client, 30000, VIP6, port, ACK, bytes(1500 - 60)))
    bench.observe("1504 bytes", wire.tcp(bench.client, 30000, VIP6, port, ACK, bytes(1504 - 60)))
    bench.observe("1504 bytes of UDP", wire.udp(bench.client, 30000, VIP6, port, bytes(1504 - 48)))
    bench.show_connections()
    bench.configure()


@scenario
def ipv6_fragmented_datagrams(bench: Bench, port: int) -> None:
    bench.configure(ipv6_service("udp", port))

    def pieces(source_port: int) -> list[bytes]:
        return wire.fragments(wire.udp(bench.client, source_port, VIP6, port, bytes(range(256)) * 8), 1232)

    bench.observe("two fragments in order", *pieces(20000))
    bench.observe("a known flow's datagram", *pieces(20000))
    bench.show_connections()
    bench.configure()


@scenario
def ipv6_icmp_errors(bench: Bench, port: int) -> None:
    tcp_service, udp_service = ipv6_service("tcp", port), ipv6_service("udp", port)
    bench.configure(tcp_service, udp_service)
    for source_port in (30000, 30001, 30002):
        established(bench, tcp_service, source_port)
    bench.observe("UDP", wire.udp(bench.client, 30000, VIP6, port, b"question"))

    def error(kind: int, code: int, quoted: bytes, rest: int = 0, quoted_length: int = 1000, **ip) -> bytes:
        return wire.icmp(ROUTER6, VIP6, kind, code, rest, quoted[:quoted_length], **ip)

    def reply(source_port: int) -> bytes:
        return wire.tcp(VIP6, port, bench.client, source_port, ACK, bytes(1400))

    for source_port in (30000, 30001, 30002):
        bench.observe("packet too big", error(2, 0, reply(source_port), rest=1400))
    bench.observe("the same with a short quote", error(2, 0, reply(30000), rest=1400, quoted_length=48))
    bench.observe("address unreachable", error(1, 3, reply(30001)))
    bench.observe("time exceeded", error(3, 0, reply(30002)))
    bench.observe("parameter problem", error(4, 0, reply(30000)))
    bench.observe("port unreachable for the UDP flow", error(1, 4, wire.udp(VIP6, port, bench.client, 30000, b"answer")))
    bench.observe("about an unknown connection", error(2, 0, reply(30009), rest=1400))
    bench.show_connections()
    bench.configure()


@scenario
def ipv6_servers_change(bench: Bench, port: int) -> None:
    service = ipv6_service("tcp", port)
    bench.configure(service)
    for source_port in (30000, 30001, 30002):
        established(bench, service, source_port)
    bench.configure(ipv6_service("tcp", port, (ALL6[0], (ALL6[1][0], 0))))
    for source_port in (30000, 30001, 30002):
        bench.observe("ACK of an old connection", wire.tcp(bench.client, source_port, VIP6, port, ACK))
    bench.sequence("servers of new connections", service, 3)
    bench.configure(ipv6_service("tcp", port, ()))
    bench.observe("SYN without a server", wire.tcp(bench.client, 21000, VIP6, port, SYN))
    bench.show_services(service)
    bench.show_connections()
    bench.configure()


# mh. Many more flows: test_maglev.py.


def maglev(bench: Bench, service: Service, servers: tuple[tuple[str, int], ...]) -> None:
    """The servers of 24 flows of one client: with all servers, with one at weight 0, without it, and after it was added again."""
    without, at_zero = (servers[0], servers[2]), (servers[0], (servers[1][0], 0), servers[2])
    for number, (title, now) in enumerate({"all": servers, "one at weight 0": at_zero, "one removed": without, "added again": servers}.items()):
        now_is = dataclasses.replace(service, servers=now)
        bench.configure(now_is)
        bench.show_services(now_is)
        bench.sequence(title, now_is, 24, first_port=20000 + 1000 * number)
    bench.configure()


@scenario
def maglev_hashing(bench: Bench, port: int) -> None:
    for flags in ((), ("mh-port",), ("mh-fallback",), ("mh-fallback", "mh-port")):
        for protocol, weights in (("tcp", (1, 1, 1)), ("udp", (1, 2, 3))):
            maglev(bench, Service(protocol, port, "mh", (), flags=flags), weighted(*weights))
            port += 1


@scenario
def ipv6_maglev_hashing(bench: Bench, port: int) -> None:
    for flags in ((), ("mh-fallback", "mh-port")):
        maglev(bench, Service("tcp", port, "mh", (), VIP6, flags), tuple(zip((address for address, _ in ALL6), (3, 2, 1))))
        port += 1


@scenario
def sloppy_tcp(bench: Bench, port: int) -> None:
    """What may begin a connection, and in which state."""
    bench.director.set_sloppy_tcp(True)
    bench.prepare_neighbours()
    bench.configure(Service("tcp", port, "rr", ALL))
    for flags in (ACK, PSH | ACK, FIN | ACK, FIN, SYN, SYN | ACK, SYN | FIN, 0, RST, RST | ACK, SYN | RST):
        packet = wire.tcp(bench.client, 20000 + flags, VIP, port, flags, acknowledgement=5)
        bench.observe(f"flags {flags:#04x} without a connection, and once more", packet, packet)
    bench.show_connections()
    bench.configure()
    bench.director.set_sloppy_tcp(False)
    bench.prepare_neighbours()


# Ports


@scenario
def from_the_port_of_ftp_data(bench: Bench, port: int) -> None:
    """IPVS takes whatever comes from port 20 for a server's own data connection, of any service."""
    tcp_service, udp_service = Service("tcp", port, "rr", ALL), Service("udp", port, "rr", ALL)
    bench.configure(tcp_service, udp_service)
    bench.observe_each("from port 20", {name: wire.tcp(bench.client, 20, VIP, port, flags, acknowledgement=5)
                                        for name, flags in (("SYN", SYN), ("SYN ACK", SYN | ACK), ("ACK", ACK))})
    bench.observe("UDP from port 20", wire.udp(bench.client, 20, VIP, port, b"question"))
    bench.observe("SYN from port 21", wire.tcp(bench.client, 21, VIP, port, SYN))
    bench.observe("UDP from port 21", wire.udp(bench.client, 21, VIP, port, b"question"))
    bench.show_connections()
    bench.show_services(tcp_service)
    bench.configure()
