// What the header structs compute; their sizes and offsets are proved where they are defined.
#include <gtest/gtest.h>

#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/icmp.h"
#include "dataplane/packet/ipv4.h"
#include "dataplane/packet/ipv6.h"
#include "dataplane/packet/overlay.h"
#include "dataplane/packet/tcp.h"
#include "tests/support/packet_builder.h"

namespace penstock::packet {
namespace {

using test::PacketBuilder;
using test::v4;
using test::v6;

constexpr std::size_t kNetworkHeaderAt = sizeof(EthernetHeader);

TEST(WireHeader, VlanIdLeavesOutPriorityAndDropEligibility) {
  EXPECT_EQ((VlanTag{.tag_control = Be16{0xf005}, .ether_type = {}}).vlan_id(), 5);
}

struct FragmentRow {
  unsigned offset;
  bool more;
  bool is_fragment;
  bool is_later;
};

class Fragment : public testing::TestWithParam<FragmentRow> {};

TEST_P(Fragment, IsToldByOffsetAndMoreInIpv4) {
  const FragmentRow& row = GetParam();
  const auto frame = PacketBuilder{}.ipv4("10.0.0.1", "10.0.0.2").fragment(row.offset, row.more, 7).payload(8).build();
  const auto& ip = overlay<Ipv4Header>(frame.data() + kNetworkHeaderAt);
  EXPECT_EQ(ip.fragment_offset(), row.offset);
  EXPECT_EQ(ip.more_fragments(), row.more);
  EXPECT_EQ(ip.is_fragment(), row.is_fragment);
  EXPECT_EQ(ip.is_later_fragment(), row.is_later);
  EXPECT_FALSE(ip.dont_fragment());
  EXPECT_EQ(ip.identification.value(), 7);
}

TEST_P(Fragment, IsToldByOffsetAndMoreInIpv6) {
  const FragmentRow& row = GetParam();
  const auto frame = PacketBuilder{}.ipv6("fd77::1", "fd77::2").fragment(row.offset, row.more, 0xdead'beef).payload(8).build();
  const auto& fragment = overlay<Ipv6FragmentHeader>(frame.data() + kNetworkHeaderAt + sizeof(Ipv6Header));
  EXPECT_EQ(fragment.fragment_offset(), row.offset);
  EXPECT_EQ(fragment.more_fragments(), row.more);
  EXPECT_EQ(fragment.is_atomic(), !row.is_fragment);
  EXPECT_EQ(fragment.identification.value(), 0xdead'beefU);
}

INSTANTIATE_TEST_SUITE_P(Rows, Fragment,
                         testing::Values(FragmentRow{0, false, false, false}, FragmentRow{0, true, true, false},
                                         FragmentRow{1480, true, true, true}, FragmentRow{65528, false, true, true}));

TEST(WireHeader, DontFragmentIsNoFragment) {
  const auto frame = PacketBuilder{}.ipv4("10.0.0.1", "10.0.0.2").dont_fragment().build();
  const auto& ip = overlay<Ipv4Header>(frame.data() + kNetworkHeaderAt);
  EXPECT_TRUE(ip.dont_fragment());
  EXPECT_FALSE(ip.is_fragment());
}

TEST(WireHeader, LengthsInWordsAreGivenInBytes) {
  Ipv4Header ip{};
  ip.version_ihl = 0x4f;
  EXPECT_EQ(ip.header_length(), 60U);
  EXPECT_EQ(ip.version(), 4U);
  TcpHeader tcp{};
  tcp.data_offset_reserved = 0xf0;
  EXPECT_EQ(tcp.header_length(), 60U);
  EXPECT_EQ((Ipv6ExtensionHeader{.next_header = 0, .length = 255}).size(), 2048U);
}

TEST(WireHeader, Ipv6FirstWordHoldsVersionClassAndFlow) {
  Ipv6Header ip{};
  ip.version_class_flow.set(0x6bca'bcde);
  EXPECT_EQ(ip.version(), 6U);
  EXPECT_EQ(ip.traffic_class(), 0xbc);
  EXPECT_EQ(ip.flow_label(), 0xa'bcdeU);
}

TEST(WireHeader, EchoAndMtuShareAWord) {
  const IcmpHeader icmp{.type = 8, .code = 0, .checksum = {}, .rest = Be32{0x1234'0578}};
  EXPECT_EQ(icmp.echo_identifier(), 0x1234);
  EXPECT_EQ(icmp.echo_sequence(), 0x0578);
  EXPECT_EQ(icmp.next_hop_mtu(), 1400);
}

TEST(WireHeader, Ipv4AddressClasses) {
  EXPECT_TRUE(is_multicast(v4("224.0.0.18")));
  EXPECT_TRUE(is_multicast(v4("239.255.255.255")));
  EXPECT_FALSE(is_multicast(v4("223.255.255.255")));
  EXPECT_FALSE(is_multicast(v4("240.0.0.0")));
  EXPECT_TRUE(is_limited_broadcast(v4("255.255.255.255")));
  EXPECT_FALSE(is_limited_broadcast(v4("255.255.255.254")));
  EXPECT_TRUE(is_loopback(v4("127.255.0.1")));
  EXPECT_FALSE(is_loopback(v4("128.0.0.1")));
  EXPECT_TRUE(is_this_network(v4("0.0.0.0")));
  EXPECT_FALSE(is_this_network(v4("1.0.0.0")));
}

TEST(WireHeader, Ipv6AddressClasses) {
  EXPECT_TRUE(is_multicast(v6("ff02::12")));
  EXPECT_FALSE(is_multicast(v6("fe80::1")));
  EXPECT_TRUE(is_unspecified(v6("::")));
  EXPECT_TRUE(is_loopback(v6("::1")));
  EXPECT_FALSE(is_loopback(v6("::2")));
  EXPECT_TRUE(is_link_local(v6("febf::1")));
  EXPECT_FALSE(is_link_local(v6("fec0::1")));
}

}  // namespace
}  // namespace penstock::packet
