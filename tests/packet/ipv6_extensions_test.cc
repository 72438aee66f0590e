#include "dataplane/packet/ipv6_extensions.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <vector>

#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/ipv6.h"
#include "tests/support/packet_builder.h"

namespace penstock::packet {
namespace {

using test::Bytes;
using test::PacketBuilder;
using Status = Ipv6Chain::Status;

PacketBuilder base() { return PacketBuilder{}.ipv6("fd77::1", "fd77::100"); }

// The packet without its Ethernet header, in memory of just its size, so that a sanitizer sees a read past its end.
Ipv6Chain walk(const PacketBuilder& builder, std::size_t cut = 0) {
  const Bytes frame = builder.build();
  const Bytes packet{frame.begin() + sizeof(EthernetHeader), frame.end() - static_cast<std::ptrdiff_t>(cut)};
  return walk_ipv6_extensions(packet);
}

TEST(Ipv6Extensions, NoneAtAll) {
  const Ipv6Chain chain = walk(base().udp(1, 2));
  EXPECT_EQ(chain.status, Status::kComplete);
  EXPECT_EQ(chain.protocol, ip_protocol::kUdp);
  EXPECT_EQ(chain.offset, 40U);
  EXPECT_FALSE(chain.is_fragment);
}

TEST(Ipv6Extensions, AllThatRfc8200Section4Names) {
  const Ipv6Chain chain = walk(base()
                                   .hop_by_hop(16)
                                   .destination_options(8)
                                   .routing(24)
                                   .fragment(0, true, 7)
                                   .authentication(24)
                                   .destination_options()
                                   .tcp(1, 2));
  EXPECT_EQ(chain.status, Status::kComplete);
  EXPECT_EQ(chain.protocol, ip_protocol::kTcp);
  EXPECT_EQ(chain.offset, 40U + 16 + 8 + 24 + 8 + 24 + 8);
  EXPECT_TRUE(chain.is_fragment);
  EXPECT_TRUE(chain.more_fragments);
  EXPECT_FALSE(chain.is_later_fragment());
  EXPECT_EQ(chain.identification, 7U);
}

TEST(Ipv6Extensions, AnAtomicFragmentIsAWholePacket) {
  const Ipv6Chain chain = walk(base().fragment(0, false, 7).udp(1, 2));
  EXPECT_EQ(chain.status, Status::kComplete);
  EXPECT_FALSE(chain.is_fragment);
  EXPECT_EQ(chain.offset, 48U);
}

TEST(Ipv6Extensions, ALaterFragmentIsNotLookedInto) {
  // Its data looks like a hop-by-hop header: protocol 0 must stand, not what the data say.
  const Ipv6Chain chain = walk(base().fragment(8, false, 7).protocol(ip_protocol::kDestinationOptions).payload(64));
  EXPECT_EQ(chain.status, Status::kComplete);
  EXPECT_EQ(chain.protocol, ip_protocol::kDestinationOptions);
  EXPECT_EQ(chain.fragment_offset, 8);
  EXPECT_TRUE(chain.is_later_fragment());
  EXPECT_EQ(chain.offset, 48U);
}

TEST(Ipv6Extensions, StopsAtEspAndAtNoNextHeader) {
  EXPECT_EQ(walk(base().hop_by_hop().protocol(ip_protocol::kEsp).payload(8)).protocol, ip_protocol::kEsp);
  EXPECT_EQ(walk(base().hop_by_hop().protocol(ip_protocol::kNoNextHeader)).protocol, ip_protocol::kNoNextHeader);
}

TEST(Ipv6Extensions, TruncatedAtEachByteOfTheChain) {
  const auto whole = [] { return base().hop_by_hop(16).fragment(0, true, 7).authentication(16); };
  EXPECT_EQ(walk(whole().protocol(ip_protocol::kUdp)).status, Status::kComplete);
  for (std::size_t cut = 1; cut <= 40; ++cut) {
    EXPECT_EQ(walk(whole().protocol(ip_protocol::kUdp), cut).status, Status::kTruncated) << cut;
  }
}

TEST(Ipv6Extensions, FollowsAtMostEight) {
  PacketBuilder builder = base();
  for (unsigned i = 0; i < kMaximumIpv6Extensions; ++i) builder.destination_options();
  builder.udp(1, 2);
  EXPECT_EQ(walk(builder).status, Status::kComplete);
  EXPECT_EQ(walk(builder.destination_options()).status, Status::kTooMany);
}

TEST(Ipv6Extensions, ASecondFragmentHeaderIsTooMany) {
  EXPECT_EQ(walk(base().fragment(0, false, 7).fragment(0, false, 7).udp(1, 2)).status, Status::kTooMany);
  EXPECT_EQ(walk(base().fragment(0, true, 7).fragment(8, false, 7).udp(1, 2)).status, Status::kTooMany);
}

RC_GTEST_PROP(Ipv6ExtensionsProperty, StaysInsideAnyBytes, (const std::vector<std::uint8_t>& values)) {
  // Mostly extension headers, so that the walk goes far.
  static constexpr std::array<std::uint8_t, 6> kTypes{0, 43, 44, 51, 60, 17};
  Bytes packet(sizeof(Ipv6Header));
  packet[6] = std::byte{*rc::gen::elementOf(kTypes)};
  for (const std::uint8_t value : values) packet.push_back(static_cast<std::byte>(value < 128 ? kTypes[value % 6] : value % 4));
  packet.shrink_to_fit();
  const Ipv6Chain chain = walk_ipv6_extensions(packet);
  RC_ASSERT(chain.offset >= sizeof(Ipv6Header));
  RC_ASSERT(chain.offset <= packet.size());
}

}  // namespace
}  // namespace penstock::packet
