// Direct routing itself: what is rewritten, what stays, TTL and MTU.
#include "dataplane/packet/icmp.h"
#include "tests/support/rows_words.h"

namespace penstock::test {
namespace {

using packet::DropReason;

void add_plain(std::vector<Row>& rows, const Side& side) {
  const auto add = [&](std::string name, const Bytes& in) {
    rows.push_back({.name = side.name + ": " + name, .situation = three_servers(), .in = in, .expected = forwarded(in, 2)});
  };
  const auto udp = [&] { return side.packet().udp(1000, kDomain); };
  add("a SYN begins a connection with the server that was added last", side.syn());
  add("a UDP datagram begins a connection", side.udp());
  add("a UDP datagram without data is forwarded", udp().build());
  add("a UDP datagram whose checksum is wrong is the server's to refuse", udp().payload(9).bad_checksum().build());
  add("a UDP datagram whose length is less than the packet's is forwarded", udp().payload(40).udp_length(20).build());
  add("a SYN whose checksum is wrong is the server's to refuse",
      side.packet().tcp(1000, kHttp, packet::tcp_flag::kSyn).bad_checksum().build());
  add("a SYN with data and TCP options keeps them",
      side.packet().tcp(1000, kHttp, packet::tcp_flag::kSyn).tcp_options(Bytes(40, std::byte{1})).payload(100).build());
  add("traffic class and identification stay as they are", side.packet().tos(0xb9).udp(1000, kDomain).build());
  add("Ethernet padding is kept", udp().pad_to(80).build());
  add("a priority tag is kept", side.packet().vlan(0xe000).udp(1000, kDomain).payload(5).build());
  add("the largest TTL goes down to 254", side.packet().ttl(255).udp(1000, kDomain).build());
  add("TTL 2 goes down to 1", side.packet().ttl(2).udp(1000, kDomain).build());
  add("a packet from client port 0 is forwarded", side.packet().udp(0, kDomain).build());
  add("a packet from client port 65535 is forwarded", side.packet().udp(65535, kDomain).build());
}

void add_headers(std::vector<Row>& rows) {
  const auto add = [&](std::string name, const Bytes& in) {
    rows.push_back({.name = std::move(name), .situation = three_servers(), .in = in, .expected = forwarded(in, 2)});
  };
  const Side& v4_side = ipv4_side();
  add("IPv4: options are kept, and the checksum covers them",
      v4_side.packet().ipv4_options(Bytes(40, std::byte{1})).udp(1000, kDomain).build());
  add("IPv4: a record route option is forwarded as it is",
      v4_side.packet().ipv4_options(from_hex("0707040000000000")).udp(1000, kDomain).build());
  add("IPv4: options that can't be read are the server's matter",
      v4_side.packet().ipv4_options(from_hex("07ff0400")).udp(1000, kDomain).build());
  add("IPv4: what stands behind the end of options is no source route",
      v4_side.packet().ipv4_options(from_hex("0083070400000000")).udp(1000, kDomain).build());
  add("IPv4: DF and identification are kept",
      v4_side.packet().dont_fragment().identification(0xbeef).udp(1000, kDomain).build());
  add("IPv4: a UDP datagram without a checksum is forwarded",
      v4_side.packet().udp(1000, kDomain).udp_without_checksum().payload(7).build());
  // Its high byte is 0xff before the TTL goes down: the sum carries around.
  for (unsigned id = 0; id < 65536; ++id) {
    const Bytes in = v4_side.packet().identification(static_cast<std::uint16_t>(id)).udp(1000, kDomain).build();
    if (in[24] != std::byte{0xff}) continue;
    add("IPv4: a header checksum near the end of its range is updated rightly", in);
    break;
  }
  const Side& v6_side = ipv6_side();
  add("IPv6: a flow label is kept", v6_side.packet().flow_label(0xabcde).udp(1000, kDomain).build());
  add("IPv6: hop-by-hop options are passed over", v6_side.packet().hop_by_hop().udp(1000, kDomain).build());
  add("IPv6: destination options of 256 bytes are passed over",
      v6_side.packet().destination_options(256).udp(1000, kDomain).build());
  add("IPv6: a routing header is passed over", v6_side.packet().routing(24).udp(1000, kDomain).build());
  add("IPv6: an authentication header is passed over", v6_side.packet().authentication(24).udp(1000, kDomain).build());
  add("IPv6: an atomic fragment is a whole datagram", v6_side.packet().fragment(0, false, 77).udp(1000, kDomain).build());
  add("IPv6: eight extension headers are followed", v6_side.packet()
                                                        .hop_by_hop()
                                                        .destination_options()
                                                        .routing()
                                                        .fragment(0, false, 9)
                                                        .authentication()
                                                        .destination_options()
                                                        .destination_options()
                                                        .destination_options()
                                                        .udp(1000, kDomain)
                                                        .build());
}

void add_ttl(std::vector<Row>& rows, const Side& side) {
  for (const std::uint8_t ttl : {std::uint8_t{0}, std::uint8_t{1}}) {
    const Bytes in = side.packet().ttl(ttl).udp(1000, kDomain).payload(20).build();
    rows.push_back({.name = side.name + ": TTL " + std::to_string(ttl) + " is answered by time exceeded from the VIP",
                    .situation = three_servers(),
                    .in = in,
                    .expected = answered(DropReason::kTtlExceeded, side.icmp_error_about(in, side.icmp_time_exceeded, 0))});
  }
  rows.push_back({.name = side.name + ": TTL 1 to a server that is the director itself goes to the kernel",
                  .situation = with_server(three_servers(), 2, {.local = true}),
                  .in = side.packet().ttl(1).udp(1000, kDomain).build(),
                  .expected = to_kernel(side.packet().ttl(1).udp(1000, kDomain).build())});
}

void add_mtu(std::vector<Row>& rows, const Side& side) {
  const std::size_t headers =
      (side.is_v4 ? sizeof(packet::Ipv4Header) : sizeof(packet::Ipv6Header)) + sizeof(packet::UdpHeader);
  const auto of_size = [&](std::size_t ip_length, bool dont_fragment) {
    PacketBuilder builder = side.packet();
    if (dont_fragment && side.is_v4) builder.dont_fragment();
    return builder.udp(1000, kDomain).payload(ip_length - headers).build();
  };
  const std::uint8_t type = side.is_v4 ? packet::icmp_type::kDestinationUnreachable : packet::icmpv6_type::kPacketTooBig;
  const std::uint8_t code = side.is_v4 ? packet::icmp_code::kFragmentationNeeded : 0;
  const Situation narrow = with_server(three_servers(), 2, {.mtu = 1400});
  const auto add = [&](std::string name, const Situation& situation, const Bytes& in, const Outcome& expected) {
    rows.push_back({.name = side.name + ": " + name, .situation = situation, .in = in, .expected = expected});
  };
  // The TTL has gone down before the size is looked at, as in the kernel.
  const auto too_big = [&](const Bytes& in, std::uint32_t mtu) {
    return answered(DropReason::kTooBigForEgress, side.icmp_error_about(forwarded(in, 2).out, type, code, mtu));
  };
  add("a packet as large as the egress MTU is forwarded", narrow, of_size(1400, true), forwarded(of_size(1400, true), 2));
  add("a packet one byte larger than the egress MTU is answered with that MTU", narrow, of_size(1401, true),
      too_big(of_size(1401, true), 1400));
  add("a packet larger than Ethernet's MTU is answered", three_servers(), of_size(4000, true),
      too_big(of_size(4000, true), 1500));
  add("a packet of the jumbo MTU is forwarded", with_server(three_servers(), 2, {.mtu = 9000}), of_size(9000, true),
      forwarded(of_size(9000, true), 2));
  const Bytes padded = side.packet().udp(1000, kDomain).pad_to(1500).build();
  add("padding doesn't count against the MTU", narrow, padded, forwarded(padded, 2));
  // Nothing is fragmented on the way: the sender learns the size even when it didn't ask for it with DF.
  if (side.is_v4) {
    add("a packet without DF that is too large is answered too", narrow, of_size(1401, false),
        too_big(of_size(1401, false), 1400));
  }
}

}  // namespace

void add_forwarding_rows(std::vector<Row>& rows) {
  for (const Side* side : both_sides()) {
    add_plain(rows, *side);
    add_ttl(rows, *side);
    add_mtu(rows, *side);
    const Bytes in = side->udp();
    rows.push_back({.name = side->name + ": a server behind the other port is sent to by that port, from its MAC address",
                    .situation = with_server(three_servers(), 2, {.egress = 1}),
                    .in = in,
                    .expected = forwarded(in, 2, 1)});
    const Bytes large = side->packet().tcp(1000, kHttp, packet::tcp_flag::kSyn).payload(900).build();
    rows.push_back({.name = side->name + ": a frame whose data lies in a second segment is forwarded",
                    .situation = three_servers(),
                    .in = large,
                    .contiguous = 128,
                    .expected = forwarded(large, 2)});
    PacketBuilder inside = side->packet();
    const Bytes through = inside.ethernet(kClientMac, kInsideMac).udp(1000, kDomain).build();
    rows.push_back({.name = side->name + ": a packet that comes by the second port is forwarded too",
                    .situation = three_servers(),
                    .in = through,
                    .port = 1,
                    .expected = forwarded(through, 2)});
  }
  add_headers(rows);
}

}  // namespace penstock::test
