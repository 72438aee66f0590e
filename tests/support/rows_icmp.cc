// ICMP errors that a router sends to the VIP about a server's answer: they belong to that answer's connection.
#include "dataplane/packet/icmp.h"
#include "tests/support/rows_words.h"

namespace penstock::test {
namespace {

using packet::DropReason;
namespace icmp_type = packet::icmp_type;
namespace icmpv6_type = packet::icmpv6_type;

struct IcmpRows {
  std::vector<Row>& rows;
  const Side& side;

  // With client port 1000 connected to server 2.
  Row& add(std::string name, std::vector<Event> more, const Bytes& in, Outcome expected) const {
    more.insert(more.begin(), sent(side.syn()));
    rows.push_back({.name = side.name + ": " + std::move(name),
                    .situation = three_servers(),
                    .before = std::move(more),
                    .in = in,
                    .expected = std::move(expected)});
    return rows.back();
  }
  [[nodiscard]] PacketBuilder from_router() const { return side.from(side.router); }
  [[nodiscard]] Bytes about(const Bytes& quoted, std::size_t quote = SIZE_MAX) const {
    return from_router().icmp_error(side.icmp_unreachable, 1, 0, quoted, quote).build();
  }
};

void add_types(const IcmpRows& make) {
  const Side& side = make.side;
  const auto of_type = [&](std::uint8_t type, std::uint8_t code) {
    return make.from_router().icmp_error(type, code, 1400, side.answer()).build();
  };
  const auto add = [&](std::uint8_t type, std::uint8_t code, bool is_flows) {
    const Bytes in = of_type(type, code);
    make.add("ICMP type " + std::to_string(type) + " code " + std::to_string(code) + " about a connection " +
                 (is_flows ? "goes to its server" : "goes to the kernel"),
             {}, in, is_flows ? forwarded(in, 2) : to_kernel(in));
  };
  if (side.is_v4) {
    add(icmp_type::kDestinationUnreachable, packet::icmp_code::kFragmentationNeeded, true);
    add(icmp_type::kDestinationUnreachable, packet::icmp_code::kHostUnreachable, true);
    add(icmp_type::kDestinationUnreachable, 13, true);
    add(icmp_type::kTimeExceeded, 0, true);
    add(icmp_type::kTimeExceeded, 1, true);
    add(icmp_type::kSourceQuench, 0, true);
    add(icmp_type::kParameterProblem, 0, false);
    add(icmp_type::kRedirect, 1, false);
    add(icmp_type::kEchoReply, 0, false);
    add(13, 0, false);
    add(40, 0, false);
  } else {
    add(icmpv6_type::kDestinationUnreachable, packet::icmpv6_code::kAddressUnreachable, true);
    add(icmpv6_type::kPacketTooBig, 0, true);
    add(icmpv6_type::kTimeExceeded, 0, true);
    add(icmpv6_type::kTimeExceeded, 1, true);
    add(icmpv6_type::kParameterProblem, 1, true);
    add(icmpv6_type::kLastError, 0, true);
    add(icmpv6_type::kEchoReply, 0, false);
    add(143, 0, false);
  }
  const Bytes ping = side.packet().icmp_echo_request(7, 1).payload(56).build();
  make.add("a ping of the VIP goes to the kernel", {}, ping, to_kernel(ping));
}

void add_flows(const IcmpRows& make) {
  const Side& side = make.side;
  const auto answer = [&](std::uint16_t service, std::uint16_t port, bool tcp) {
    PacketBuilder builder;
    side.is_v4 ? builder.ipv4(side.vip, side.client) : builder.ipv6(side.vip, side.client);
    return (tcp ? builder.tcp(service, port) : builder.udp(service, port)).payload(40).build();
  };
  const auto kernel = [&](std::string name, const Bytes& in) { make.add(std::move(name), {}, in, to_kernel(in)); };
  kernel("an error about an unknown client port goes to the kernel", make.about(answer(kHttp, 1001, true)));
  kernel("an error about a port without a service goes to the kernel", make.about(answer(kUnserved, 1000, true)));
  kernel("an error about the other protocol goes to the kernel", make.about(answer(kHttp, 1000, false)));
  const Bytes about_udp = make.about(answer(kDomain, 1000, false));
  make.add("an error about a UDP connection goes to its server", {sent(side.udp(9)), sent(side.udp(1000))}, about_udp,
           forwarded(about_udp, 1));

  PacketBuilder mismatch;
  side.is_v4 ? mismatch.ipv4(side.server, side.client) : mismatch.ipv6(side.server, side.client);
  kernel("an error that quotes another sender than the one it goes to goes to the kernel",
         make.about(mismatch.tcp(kHttp, 1000).payload(40).build()));
  // The client's own packet, sent back: it names the flow the wrong way round.
  kernel("an error that quotes the client's packet goes to the kernel", make.about(side.ack()));
  PacketBuilder later;
  side.is_v4 ? later.ipv4(side.vip, side.client) : later.ipv6(side.vip, side.client);
  kernel("an error that quotes a later fragment goes to the kernel",
         make.about(later.fragment(64, true, 5).protocol(packet::ip_protocol::kTcp).payload(40).build()));
  PacketBuilder first;
  side.is_v4 ? first.ipv4(side.vip, side.client) : first.ipv6(side.vip, side.client);
  const Bytes about_first = make.about(first.fragment(0, true, 5).tcp(kHttp, 1000).payload(40).build());
  make.add("an error that quotes a first fragment goes to the server", {}, about_first, forwarded(about_first, 2));
  PacketBuilder tunnel;
  side.is_v4 ? tunnel.ipv4(side.vip, side.client) : tunnel.ipv6(side.vip, side.client);
  kernel("an error that quotes another protocol goes to the kernel", make.about(tunnel.protocol(47).payload(40).build()));

  const Bytes error = make.about(side.answer());
  make.add("an error doesn't prolong its connection", {waited(30 * kSecond), sent(error), waited(30 * kSecond)}, side.ack(),
           to_kernel(side.ack()));
  make.add("an error doesn't change its connection's state", {sent(side.ack()), sent(error)}, side.syn(),
           forwarded(side.syn(), 2));
  make.add("an error about a removed server's connection still goes to it, as in the kernel",
           {changed(without_server(three_servers(), 2))}, error, forwarded(error, 2));
  make.add("an error for a server that is the director itself goes to the kernel",
           {changed(with_server(three_servers(), 2, {.local = true}))}, error, to_kernel(error));
  make.add("an error after the connection's end goes to the kernel", {waited(61 * kSecond)}, error, to_kernel(error));
}

void add_quote_shapes(const IcmpRows& make) {
  const Side& side = make.side;
  const std::size_t ip_header = side.is_v4 ? sizeof(packet::Ipv4Header) : sizeof(packet::Ipv6Header);
  for (const std::size_t quote : {std::size_t{0}, std::size_t{1}, ip_header - 1, ip_header, ip_header + 3}) {
    make.add("an error that quotes " + std::to_string(quote) + " bytes is dropped", {}, make.about(side.answer(), quote),
             dropped_by(DropReason::kIcmpTruncated));
  }
  const Bytes least = make.about(side.answer(), ip_header + 8);
  make.add("an error that quotes 8 bytes behind the IP header goes to the server", {}, least, forwarded(least, 2));
  Bytes broken = side.answer();
  broken[sizeof(packet::EthernetHeader)] = std::byte{0x10};
  make.add("an error that quotes no IP packet is dropped", {}, make.about(broken), dropped_by(DropReason::kIcmpTruncated));
  const std::uint8_t icmp = side.is_v4 ? packet::ip_protocol::kIcmp : packet::ip_protocol::kIcmpv6;
  make.add("a message that ends inside ICMP's own header is dropped", {},
           make.from_router().protocol(icmp).payload(Bytes(4, std::byte{3})).build(), dropped_by(DropReason::kIcmpTruncated));

  const Bytes wrong = make.from_router().icmp_error(side.icmp_unreachable, 1, 0, side.answer()).bad_checksum().build();
  make.add("an error whose checksum is wrong is dropped", {}, wrong, dropped_by(DropReason::kIcmpBadChecksum));
  Row& split = make.add("an error that goes on in a second segment is forwarded without looking at its checksum", {}, wrong,
                        forwarded(wrong, 2));
  split.contiguous = sizeof(packet::EthernetHeader) + 2 * ip_header + 16;
  const Bytes padded =
      make.from_router().icmp_error(side.icmp_unreachable, 1, 0, side.answer(), ip_header + 8).pad_to(200).build();
  make.add("padding doesn't count to an error's checksum", {}, padded, forwarded(padded, 2));
  const Bytes last_hop = make.from_router().ttl(1).icmp_error(side.icmp_unreachable, 1, 0, side.answer()).build();
  make.add("an error with TTL 1 is dropped: no error answers an error", {}, last_hop, dropped_by(DropReason::kTtlExceeded));
  Bytes quoted = side.answer();
  quoted.resize(1600);
  const Bytes too_large = make.about(quoted);
  make.add("an error larger than the egress MTU is dropped", {}, too_large, dropped_by(DropReason::kTooBigForEgress));
  const Bytes options = side.is_v4 ? make.from_router()
                                         .ipv4_options(Bytes(8, std::byte{1}))
                                         .icmp_error(side.icmp_unreachable, 1, 0, side.answer())
                                         .build()
                                   : make.from_router()
                                         .hop_by_hop()
                                         .destination_options()
                                         .icmp_error(side.icmp_unreachable, 1, 0, side.answer())
                                         .build();
  make.add("an error behind options or extension headers goes to the server", {}, options, forwarded(options, 2));
  // Behind the packet's end stands the type of a neighbour solicitation.
  Bytes empty = make.from_router().protocol(icmp).build();
  empty.push_back(std::byte{packet::icmpv6_type::kNeighbourSolicitation});
  make.add("a message without a byte is dropped, whatever its padding looks like", {}, empty,
           dropped_by(DropReason::kIcmpTruncated));
  const Bytes fragment = make.from_router().fragment(0, true, 3).icmp_error(side.icmp_unreachable, 1, 0, side.answer()).build();
  make.add("a fragmented error goes to the kernel", {}, fragment, to_kernel(fragment));
}

}  // namespace

void add_icmp_rows(std::vector<Row>& rows) {
  for (const Side* side : both_sides()) {
    const IcmpRows make{rows, *side};
    add_types(make);
    add_flows(make);
    add_quote_shapes(make);
    Row& elsewhere = make.add("with two workers, an error about a connection that isn't here visits the other worker", {},
                              make.about(side->answer(1001)), {.action = core::Action::kHandOver, .out = {}});
    elsewhere.situation.workers = 2;
  }
}

}  // namespace penstock::test
