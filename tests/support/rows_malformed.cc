// Frames that can't be what they claim. None of these may reach a server, the kernel or the next layer's parser.
#include "tests/support/rows_words.h"

namespace penstock::test {
namespace {

using packet::DropReason;

constexpr std::size_t kL3 = sizeof(packet::EthernetHeader);

struct MalformedRows {
  std::vector<Row>& rows;

  void add(std::string name, const PacketBuilder& builder, DropReason reason) const {
    rows.push_back(
        {.name = std::move(name), .situation = three_servers(), .in = builder.build(), .expected = dropped_by(reason)});
  }
};

void add_ethernet(const MalformedRows& make) {
  make.add("a frame of 1 byte is dropped", ipv4_side().packet().truncate(1), DropReason::kFrameTruncated);
  make.add("a frame of 13 bytes is dropped", ipv4_side().packet().truncate(13), DropReason::kFrameTruncated);
  make.add("a frame that ends inside a VLAN tag is dropped", ipv4_side().packet().vlan(0).truncate(17),
           DropReason::kFrameTruncated);
  make.add("a frame from a group's MAC address is dropped",
           ipv4_side().packet().ethernet(mac("03:00:00:00:00:0c"), kDirectorMac).udp(1000, kDomain),
           DropReason::kFrameSourceIsGroup);
  make.add("a frame from the broadcast MAC address is dropped",
           ipv6_side().packet().ethernet(packet::kBroadcastMac, kDirectorMac).udp(1000, kDomain),
           DropReason::kFrameSourceIsGroup);
}

void add_ipv4(const MalformedRows& make) {
  const auto udp = [] { return ipv4_side().packet().udp(1000, kDomain).payload(32); };
  const auto add = [&](std::string name, PacketBuilder builder, DropReason reason) {
    make.add("IPv4: " + std::move(name), builder, reason);
  };
  add("a frame that ends behind the Ethernet header is dropped", udp().truncate(kL3), DropReason::kIpv4Truncated);
  add("a frame that ends inside the IPv4 header is dropped", udp().truncate(kL3 + 19), DropReason::kIpv4Truncated);
  add("version 6 in an IPv4 frame is dropped", udp().version(6), DropReason::kIpv4BadVersion);
  add("version 0 is dropped", udp().version(0), DropReason::kIpv4BadVersion);
  add("a header length of 16 bytes is dropped", udp().ihl(4), DropReason::kIpv4BadHeaderLength);
  add("a header length of 0 is dropped", udp().ihl(0), DropReason::kIpv4BadHeaderLength);
  add("a header length past the total length is dropped", udp().ihl(15).total_length(56), DropReason::kIpv4BadHeaderLength);
  add("a total length shorter than the header is dropped", udp().total_length(19), DropReason::kIpv4BadHeaderLength);
  add("a total length of 0 is dropped", udp().total_length(0), DropReason::kIpv4BadHeaderLength);
  add("a total length past the frame's end is dropped", udp().truncate(kL3 + 59), DropReason::kIpv4BadTotalLength);
  add("a total length of 65,535 is dropped", udp().total_length(65535), DropReason::kIpv4BadTotalLength);
  add("a wrong header checksum is dropped", udp().bad_ip_checksum(), DropReason::kIpv4BadChecksum);
  add("a wrong header checksum over options is dropped", udp().ipv4_options(Bytes(4, std::byte{1})).bad_ip_checksum(),
      DropReason::kIpv4BadChecksum);
  add("a wrong header checksum on the way to the kernel is dropped",
      ipv4_side().packet().icmp_echo_request(1, 1).bad_ip_checksum(), DropReason::kIpv4BadChecksum);
  add("a loose source route is dropped", udp().ipv4_options(from_hex("0183070401020304")), DropReason::kIpv4SourceRouted);
  add("a strict source route behind another option is dropped", udp().ipv4_options(from_hex("4404050089030400")),
      DropReason::kIpv4SourceRouted);
}

void add_ipv6(const MalformedRows& make) {
  const auto udp = [] { return ipv6_side().packet().udp(1000, kDomain).payload(32); };
  const auto add = [&](std::string name, PacketBuilder builder, DropReason reason) {
    make.add("IPv6: " + std::move(name), builder, reason);
  };
  add("a frame that ends behind the Ethernet header is dropped", udp().truncate(kL3), DropReason::kIpv6Truncated);
  add("a frame that ends inside the IPv6 header is dropped", udp().truncate(kL3 + 39), DropReason::kIpv6Truncated);
  add("version 4 in an IPv6 frame is dropped", udp().version(4), DropReason::kIpv6BadVersion);
  add("a payload length past the frame's end is dropped", udp().truncate(kL3 + 79), DropReason::kIpv6BadPayloadLength);
  add("a payload length of 65,535 is dropped", udp().total_length(65535), DropReason::kIpv6BadPayloadLength);
  const auto behind = [](auto add_extension) {
    PacketBuilder builder = ipv6_side().packet();
    add_extension(builder);
    return builder;
  };
  add("a packet that ends before its hop-by-hop options is dropped",
      behind([](PacketBuilder& b) { b.hop_by_hop().total_length(0); }), DropReason::kIpv6ExtensionTruncated);
  add("a packet that ends inside its hop-by-hop options is dropped",
      behind([](PacketBuilder& b) { b.hop_by_hop(16).udp(1000, kDomain).total_length(8); }),
      DropReason::kIpv6ExtensionTruncated);
  add("a packet that ends inside its fragment header is dropped",
      behind([](PacketBuilder& b) { b.fragment(0, true, 1).udp(1000, kDomain).total_length(7); }),
      DropReason::kIpv6ExtensionTruncated);
  add("a packet that ends inside its authentication header is dropped",
      behind([](PacketBuilder& b) { b.authentication(24).total_length(16); }), DropReason::kIpv6ExtensionTruncated);
  add("nine extension headers are dropped", behind([](PacketBuilder& b) {
        for (int i = 0; i < 9; ++i) b.destination_options();
        b.udp(1000, kDomain);
      }),
      DropReason::kIpv6TooManyExtensions);
  add("two fragment headers are dropped",
      behind([](PacketBuilder& b) { b.fragment(0, true, 1).fragment(0, true, 2).udp(1000, kDomain).payload(64); }),
      DropReason::kIpv6TooManyExtensions);
}

void add_transport(const MalformedRows& make, const Side& side) {
  const std::size_t ip_header = side.is_v4 ? sizeof(packet::Ipv4Header) : 0;
  const auto add = [&](std::string name, PacketBuilder builder, DropReason reason) {
    make.add(side.name + ": " + std::move(name), builder, reason);
  };
  const auto of_length = [&](PacketBuilder builder, std::size_t l4) {
    return builder.total_length(static_cast<std::uint16_t>(ip_header + l4));
  };
  const auto tcp = [&] { return side.packet().tcp(1000, kHttp, packet::tcp_flag::kSyn); };
  const auto udp = [&] { return side.packet().udp(1000, kDomain); };
  add("a packet without its TCP header is dropped", of_length(tcp(), 0), DropReason::kTcpTruncated);
  add("a packet that ends inside its TCP header is dropped", of_length(tcp(), 19), DropReason::kTcpTruncated);
  add("a TCP data offset of 16 bytes is dropped", tcp().data_offset(4), DropReason::kTcpBadDataOffset);
  add("a TCP data offset past the packet is dropped", tcp().data_offset(6), DropReason::kTcpBadDataOffset);
  add("a TCP data offset into the padding is dropped", tcp().data_offset(6).pad_to(100), DropReason::kTcpBadDataOffset);
  add("a packet without its UDP header is dropped", of_length(udp(), 0), DropReason::kUdpTruncated);
  add("a packet that ends inside its UDP header is dropped", of_length(udp(), 7), DropReason::kUdpTruncated);
  add("a UDP length of 0 is dropped", udp().payload(8).udp_length(0), DropReason::kUdpBadLength);
  add("a UDP length of 7 is dropped", udp().payload(8).udp_length(7), DropReason::kUdpBadLength);
  add("a UDP length past the packet is dropped", udp().payload(8).udp_length(17), DropReason::kUdpBadLength);
  add("a UDP length into the padding is dropped", udp().payload(8).udp_length(17).pad_to(100), DropReason::kUdpBadLength);
  const Bytes in = side.syn();
  make.rows.push_back({.name = side.name + ": a TCP header that is split over two segments is dropped",
                       .situation = three_servers(),
                       .in = in,
                       .contiguous = in.size() - 32 - 1,
                       .expected = dropped_by(DropReason::kTcpTruncated)});
}

}  // namespace

void add_malformed_rows(std::vector<Row>& rows) {
  const MalformedRows make{rows};
  add_ethernet(make);
  add_ipv4(make);
  add_ipv6(make);
  for (const Side* side : both_sides()) add_transport(make, *side);
}

}  // namespace penstock::test
