// Rows of frames and what parse_frame() says of them, each run through the inline path and through parse_uncommon(), which must
// agree.
#include "dataplane/packet/parse.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "dataplane/packet/icmp.h"
#include "tests/support/fragments.h"
#include "tests/support/packet_builder.h"

namespace penstock::packet {
namespace {

using test::Bytes;
using test::PacketBuilder;

PacketBuilder v4() { return PacketBuilder{}.ipv4("10.0.0.1", "192.168.1.200"); }
PacketBuilder v6() { return PacketBuilder{}.ipv6("fd77::1", "fd77::100"); }

bool same(const ParsedFrame& a, const ParsedFrame& b) {
  return a.kind == b.kind && a.reason == b.reason && a.family == b.family && a.protocol == b.protocol &&
         a.tcp_flags == b.tcp_flags && a.l3_offset == b.l3_offset && a.l4_offset == b.l4_offset &&
         a.source_port == b.source_port && a.destination_port == b.destination_port && a.ip_length == b.ip_length;
}

// In memory of just its size, so that a sanitizer sees a read past its end.
ParsedFrame parse(Bytes frame, std::size_t missing_from_first_segment = 0) {
  const std::size_t packet_length = frame.size();
  frame.resize(packet_length - missing_from_first_segment);
  frame.shrink_to_fit();
  const ParsedFrame parsed = parse_frame(frame.data(), frame.size(), packet_length);
  const ParsedFrame uncommon = parse_uncommon(frame.data(), frame.size(), packet_length);
  EXPECT_TRUE(same(parsed, uncommon)) << "the inline path and parse_uncommon() differ on " << test::to_hex(frame);
  return parsed;
}

// ---- Malformed frames

struct MalformedRow {
  std::string name;
  PacketBuilder frame;
  DropReason reason;
};

std::vector<MalformedRow> malformed_rows() {
  using enum DropReason;
  PacketBuilder many = v6();
  for (int i = 0; i < 9; ++i) many.hop_by_hop();
  return {
      {"empty", PacketBuilder{}.truncate(0), kFrameTruncated},
      {"ends_in_ethernet", v4().udp(1, 2).truncate(13), kFrameTruncated},
      {"ends_in_vlan", v4().vlan(0).udp(1, 2).truncate(17), kFrameTruncated},
      {"source_is_group", v4().ethernet(test::mac("03:00:00:00:00:01"), test::kDirectorMac).udp(1, 2), kFrameSourceIsGroup},
      {"source_is_group_v6", v6().ethernet(kBroadcastMac, test::kDirectorMac).udp(1, 2), kFrameSourceIsGroup},
      {"v4_ends_in_header", v4().udp(1, 2).truncate(33), kIpv4Truncated},
      {"v4_no_header", v4().udp(1, 2).truncate(14), kIpv4Truncated},
      {"v4_version_5", v4().version(5).udp(1, 2), kIpv4BadVersion},
      {"v4_version_6", v4().version(6).udp(1, 2), kIpv4BadVersion},
      {"v4_ihl_0", v4().ihl(0).udp(1, 2), kIpv4BadHeaderLength},
      {"v4_ihl_4", v4().ihl(4).tcp(1, 2), kIpv4BadHeaderLength},
      {"v4_ihl_past_total_length", v4().ihl(15).udp(1, 2), kIpv4BadHeaderLength},
      {"v4_total_length_19", v4().total_length(19).udp(1, 2), kIpv4BadHeaderLength},
      {"v4_total_length_0", v4().total_length(0).udp(1, 2), kIpv4BadHeaderLength},
      {"v4_total_length_one_too_many", v4().total_length(29).udp(1, 2), kIpv4BadTotalLength},
      {"v4_total_length_65535", v4().total_length(65535).tcp(1, 2), kIpv4BadTotalLength},
      {"v4_bad_checksum_tcp", v4().bad_ip_checksum().tcp(1, 2), kIpv4BadChecksum},
      {"v4_bad_checksum_udp", v4().bad_ip_checksum().udp(1, 2), kIpv4BadChecksum},
      {"v4_bad_checksum_with_options", v4().ipv4_options(Bytes(4, std::byte{1})).bad_ip_checksum().udp(1, 2), kIpv4BadChecksum},
      {"v4_bad_checksum_of_vrrp", v4().protocol(112).bad_ip_checksum().payload(8), kIpv4BadChecksum},
      {"v4_loose_source_route", v4().ipv4_options(test::from_hex("83070400000000 00")).tcp(1, 2), kIpv4SourceRouted},
      {"v4_strict_source_route", v4().ipv4_options(test::from_hex("01890704 00000000")).tcp(1, 2), kIpv4SourceRouted},
      {"v6_ends_in_header", v6().udp(1, 2).truncate(53), kIpv6Truncated},
      {"v6_version_4", v6().version(4).udp(1, 2), kIpv6BadVersion},
      {"v6_payload_length_one_too_many", v6().total_length(9).udp(1, 2), kIpv6BadPayloadLength},
      {"v6_ends_in_extension", v6().hop_by_hop(16).total_length(15).udp(1, 2), kIpv6ExtensionTruncated},
      {"v6_extension_claims_too_much", v6().extension(60, test::from_hex("00ff000000000000")).udp(1, 2),
       kIpv6ExtensionTruncated},
      {"v6_nine_extensions", many.udp(1, 2), kIpv6TooManyExtensions},
      {"tcp_19_bytes", v4().tcp(1, 2).total_length(39), kTcpTruncated},
      {"tcp_no_bytes", v4().protocol(6), kTcpTruncated},
      {"tcp_19_bytes_v6", v6().tcp(1, 2).total_length(19), kTcpTruncated},
      {"tcp_data_offset_4", v4().tcp(1, 2).data_offset(4), kTcpBadDataOffset},
      {"tcp_data_offset_past_packet", v4().tcp(1, 2).data_offset(6), kTcpBadDataOffset},
      {"tcp_data_offset_in_padding", v4().tcp(1, 2).data_offset(6).pad_to(64), kTcpBadDataOffset},
      {"tcp_data_offset_4_v6", v6().tcp(1, 2).data_offset(4), kTcpBadDataOffset},
      {"udp_7_bytes", v4().udp(1, 2).total_length(27), kUdpTruncated},
      {"udp_7_bytes_v6", v6().udp(1, 2).total_length(7), kUdpTruncated},
      {"udp_length_7", v4().udp(1, 2).udp_length(7).payload(10), kUdpBadLength},
      {"udp_length_0", v6().udp(1, 2).udp_length(0), kUdpBadLength},
      {"udp_length_past_packet", v4().udp(1, 2).udp_length(9), kUdpBadLength},
      {"first_fragment_ends_before_flags", v4().fragment(0, true, 7).protocol(6).payload(13), kFragmentTooShort},
      {"first_fragment_ends_in_udp", v4().fragment(0, true, 7).protocol(17).payload(7), kFragmentTooShort},
      {"first_fragment_ends_in_udp_v6", v6().fragment(0, true, 7).protocol(17).payload(7), kFragmentTooShort},
      {"fragment_past_64k", v4().fragment(65528, false, 7).protocol(17).payload(8), kFragmentBeyondLimit},
      {"fragment_past_64k_v6", v6().fragment(65528, false, 7).protocol(17).payload(8), kFragmentBeyondLimit},
  };
}

class Malformed : public testing::TestWithParam<MalformedRow> {};

TEST_P(Malformed, HasItsReason) {
  const ParsedFrame parsed = parse(GetParam().frame.build());
  ASSERT_EQ(parsed.kind, FrameKind::kMalformed);
  EXPECT_EQ(name_of(parsed.reason), name_of(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(Rows, Malformed, testing::ValuesIn(malformed_rows()), [](const auto& row) { return row.param.name; });

TEST(Parse, EachReasonOfTheParserHasARow) {
  std::set<DropReason> seen;
  for (const MalformedRow& row : malformed_rows()) seen.insert(row.reason);
  // The parser's: those up to the transport's that need no table, and two of the fragments'.
  for (std::size_t i = 0; i <= static_cast<std::size_t>(DropReason::kUdpBadLength); ++i) {
    const auto reason = static_cast<DropReason>(i);
    const bool is_of_a_table = reason == DropReason::kFrameForOtherHost || reason == DropReason::kSourceIsMulticast ||
                               reason == DropReason::kSourceIsLoopback || reason == DropReason::kSourceIsVip;
    EXPECT_NE(seen.contains(reason), is_of_a_table) << name_of(reason);
  }
  EXPECT_TRUE(seen.contains(DropReason::kFragmentTooShort));
  EXPECT_TRUE(seen.contains(DropReason::kFragmentBeyondLimit));
}

// ---- Frames whose kind is all that counts

struct KindRow {
  std::string name;
  PacketBuilder frame;
  FrameKind kind;
};

std::vector<KindRow> kind_rows() {
  using enum FrameKind;
  return {
      {"arp", PacketBuilder{}.arp(1, test::kClientMac, "10.0.0.1", {}, "10.0.0.2"), kNeighbour},
      {"neighbour_solicitation", v6().neighbour_solicitation("fd77::100", test::kClientMac), kNeighbour},
      {"neighbour_advertisement", v6().icmp(icmpv6_type::kNeighbourAdvertisement, 0), kNeighbour},
      {"router_solicitation", v6().icmp(icmpv6_type::kRouterSolicitation, 0), kNeighbour},
      {"redirect_v6", v6().icmp(icmpv6_type::kRedirect, 0), kNeighbour},
      {"echo", v4().icmp_echo_request(1, 1), kIcmp},
      {"echo_v6", v6().icmp_echo_request(1, 1), kIcmp},
      {"icmp_error", v4().icmp_error(3, 4, 1400, v4().udp(1, 2).build()), kIcmp},
      {"icmpv6_error_behind_hop_by_hop", v6().hop_by_hop().icmp_error(2, 0, 1400, v6().udp(1, 2).build()), kIcmp},
      {"icmp_fragment", v4().fragment(0, true, 7).icmp_echo_request(1, 1), kOther},
      {"icmpv6_fragment", v6().fragment(0, true, 7).icmp_echo_request(1, 1), kOther},
      {"vrrp", PacketBuilder{}.ipv4("10.0.0.1", "224.0.0.18").protocol(112).payload(8), kVrrp},
      {"vrrp_v6", PacketBuilder{}.ipv6("fe80::1", "ff02::12").protocol(112).payload(8), kVrrp},
      {"igmp", v4().protocol(ip_protocol::kIgmp).ipv4_options(test::from_hex("94040000")).payload(8), kOther},
      {"esp", v6().protocol(ip_protocol::kEsp).payload(8), kOther},
      {"no_next_header", v6().hop_by_hop(), kOther},
      {"lldp", PacketBuilder{}.ether_type(0x88cc).payload(40), kOther},
      {"vlan_5", v4().vlan(5).udp(1, 2), kOther},
      {"vlan_of_a_provider", v4().vlan(0, ether_type::kServiceVlan).udp(1, 2), kOther},
      {"priority_tag_arp", PacketBuilder{}.vlan(0).arp(1, test::kClientMac, "10.0.0.1", {}, "10.0.0.2"), kNeighbour},
      {"ipv4_type_but_too_short_for_the_fast_path", v4().protocol(253).truncate(34), kOther},
  };
}

class FrameKindOf : public testing::TestWithParam<KindRow> {};

TEST_P(FrameKindOf, IsTold) { EXPECT_EQ(parse(GetParam().frame.build()).kind, GetParam().kind); }

INSTANTIATE_TEST_SUITE_P(Rows, FrameKindOf, testing::ValuesIn(kind_rows()), [](const auto& row) { return row.param.name; });

// ---- Transport

TEST(Parse, Ipv4Tcp) {
  const ParsedFrame parsed = parse(v4().tcp(1234, 80, tcp_flag::kSyn | tcp_flag::kEce).payload(100).build());
  EXPECT_EQ(parsed.kind, FrameKind::kTransport);
  EXPECT_TRUE(parsed.is_v4());
  EXPECT_TRUE(parsed.has_ports());
  EXPECT_EQ(parsed.protocol, ip_protocol::kTcp);
  EXPECT_EQ(parsed.tcp_flags, tcp_flag::kSyn | tcp_flag::kEce);
  EXPECT_EQ(parsed.l3_offset, 14);
  EXPECT_EQ(parsed.l4_offset, 34);
  EXPECT_EQ(parsed.source_port, 1234);
  EXPECT_EQ(parsed.destination_port, 80);
  EXPECT_EQ(parsed.ip_length, 140U);
}

TEST(Parse, Ipv6UdpBehindExtensionHeadersInAPriorityTag) {
  const ParsedFrame parsed = parse(v6().vlan(0).hop_by_hop(16).routing(24).udp(5353, 53).payload(3).build());
  EXPECT_EQ(parsed.kind, FrameKind::kTransport);
  EXPECT_FALSE(parsed.is_v4());
  EXPECT_EQ(parsed.protocol, ip_protocol::kUdp);
  EXPECT_EQ(parsed.l3_offset, 18);
  EXPECT_EQ(parsed.l4_offset, 18 + 40 + 40);
  EXPECT_EQ(parsed.source_port, 5353);
  EXPECT_EQ(parsed.destination_port, 53);
  EXPECT_EQ(parsed.ip_length, 40U + 40 + 11);
}

TEST(Parse, Ipv4OptionsThatAreNoSourceRoute) {
  for (const char* options :
       {"01010101", "0707040000000000", "00830704", "94040000", "44040501", "8201ffff", "0183ffff0000ffff"}) {
    const Bytes bytes = test::from_hex(options);
    const ParsedFrame parsed = parse(v4().ipv4_options(bytes).udp(1, 2).build());
    if (std::string{options}.starts_with("0183")) {
      EXPECT_EQ(parsed.reason, DropReason::kIpv4SourceRouted) << "a source route of a wrong length is one, too";
      continue;
    }
    EXPECT_EQ(parsed.kind, FrameKind::kTransport) << options;
    EXPECT_EQ(parsed.l4_offset, 34 + bytes.size()) << options;
  }
}

TEST(Parse, EthernetPaddingIsNotPartOfThePacket) {
  const ParsedFrame parsed = parse(v4().udp(1, 2).pad_to(60).build());
  EXPECT_EQ(parsed.kind, FrameKind::kTransport);
  EXPECT_EQ(parsed.ip_length, 28U);
}

TEST(Parse, DataInALaterSegmentIsNoTruncationButHeadersThereAre) {
  const Bytes tcp = v4().tcp(1, 2).payload(100).build();
  EXPECT_EQ(parse(tcp, 100).kind, FrameKind::kTransport);
  EXPECT_EQ(parse(tcp, 101).reason, DropReason::kTcpTruncated);
  const Bytes udp = v6().udp(1, 2).payload(100).build();
  EXPECT_EQ(parse(udp, 100).kind, FrameKind::kTransport);
  EXPECT_EQ(parse(udp, 101).reason, DropReason::kUdpTruncated);
  EXPECT_EQ(parse(udp, 100 + 8 + 1).reason, DropReason::kIpv6Truncated);
  const Bytes options = v4().ipv4_options(Bytes(8, std::byte{1})).udp(1, 2).payload(100).build();
  EXPECT_EQ(parse(options, 100 + 8 + 1).reason, DropReason::kIpv4Truncated);
}

TEST(Parse, AWrongTransportChecksumIsTheServersMatter) {
  EXPECT_EQ(parse(v4().tcp(1, 2).bad_checksum().build()).kind, FrameKind::kTransport);
  EXPECT_EQ(parse(v6().udp(1, 2).bad_checksum().build()).kind, FrameKind::kTransport);
}

// ---- Fragments

TEST(Parse, FragmentsOfADatagram) {
  for (const Bytes& frame : {v4().udp(5353, 53).payload(3000).build(), v6().udp(5353, 53).payload(3000).build()}) {
    const auto fragments = test::fragments_of(frame, 1448, 77);
    ASSERT_EQ(fragments.size(), 3U);
    for (std::size_t i = 0; i < fragments.size(); ++i) {
      const ParsedFrame parsed = parse(fragments[i]);
      EXPECT_EQ(parsed.kind, i == 0 ? FrameKind::kFirstFragment : FrameKind::kLaterFragment);
      EXPECT_EQ(parsed.has_ports(), i == 0);
      EXPECT_EQ(parsed.source_port, i == 0 ? 5353 : 0);
      EXPECT_EQ(parsed.destination_port, i == 0 ? 53 : 0);
      EXPECT_EQ(parsed.fragment_id, 77U);
      EXPECT_EQ(parsed.protocol, ip_protocol::kUdp);
    }
  }
}

TEST(Parse, FirstFragmentOfTcpNeedsItsFlags) {
  const ParsedFrame parsed = parse(v4().tcp(1234, 80, tcp_flag::kSyn).fragment(0, true, 7).total_length(34).build());
  EXPECT_EQ(parsed.kind, FrameKind::kFirstFragment);
  EXPECT_EQ(parsed.tcp_flags, tcp_flag::kSyn);
}

TEST(Parse, AnAtomicIpv6FragmentIsAWholePacket) {
  EXPECT_EQ(parse(v6().fragment(0, false, 7).tcp(1, 2).build()).kind, FrameKind::kTransport);
}

TEST(Parse, TheLastFragmentMayEndAt65535) {
  EXPECT_EQ(parse(v4().fragment(65528, false, 7).protocol(17).payload(7).build()).kind, FrameKind::kLaterFragment);
}

// ---- Any bytes

TEST(Parse, StaysInsideEachFrameCutAtEachByte) {
  std::vector<PacketBuilder> frames{v4().tcp(1, 2).tcp_options(Bytes(12)).payload(4),
                                    v4().ipv4_options(Bytes(40, std::byte{1})).udp(1, 2),
                                    v6().hop_by_hop(16).fragment(0, true, 7).tcp(1, 2), v6().vlan(0).icmp_echo_request(1, 1)};
  for (PacketBuilder& builder : frames) {
    const std::size_t size = builder.build().size();
    for (std::size_t cut = 0; cut < size; ++cut) {
      const ParsedFrame parsed = parse(builder.truncate(cut).build());
      EXPECT_EQ(parsed.kind, FrameKind::kMalformed) << cut << " of " << size;
    }
  }
}

RC_GTEST_PROP(ParseProperty, TwoPathsAgreeOnAFrameWithAnyBytesChanged, ()) {
  static const std::vector<PacketBuilder> kFrames{v4().tcp(1, 2).payload(8), v4().udp(1, 2).payload(8),
                                                  v6().udp(1, 2).payload(8), v6().fragment(8, true, 7).protocol(6).payload(8)};
  Bytes frame = (*rc::gen::elementOf(kFrames)).build();
  const auto changes = *rc::gen::inRange(0, 4);
  for (int i = 0; i < changes; ++i)
    frame[*rc::gen::inRange<std::size_t>(0, frame.size())] = std::byte{*rc::gen::arbitrary<std::uint8_t>()};
  const std::size_t missing = *rc::gen::inRange<std::size_t>(0, frame.size());
  const ParsedFrame parsed = parse(frame, missing);  // its EXPECT compares the paths
  if (parsed.has_ports()) RC_ASSERT(parsed.l4_offset + 8U <= frame.size() - missing);
}

}  // namespace
}  // namespace penstock::packet
