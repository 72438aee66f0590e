#include "control/vrrp/peer_delivery.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "tests/support/packet_builder.h"

namespace penstock::control {
namespace {

using packet::IpAddress;
using packet::MacAddress;

const MacAddress kWay = *MacAddress::parse("02:00:00:00:00:07");

class PeerDeliveryTest : public ::testing::Test {
 protected:
  // An advert's frame to that peer, its destination MAC address still to be filled in.
  static std::vector<std::byte> frame_to(const char* peer) {
    auto frame = IpAddress::parse(peer)->is_v4()
                     ? test::PacketBuilder{}.ipv4("10.0.0.1", peer).protocol(112).payload(16).build()
                     : test::PacketBuilder{}.ipv6("fd77::1", peer).protocol(112).payload(16).build();
    std::fill_n(frame.begin(), 6, std::byte{0});
    return frame;
  }
  static bool goes_to(const std::vector<std::byte>& frame, const MacAddress& mac) {
    return std::equal(mac.bytes.begin(), mac.bytes.end(), reinterpret_cast<const std::uint8_t*>(frame.data()));
  }

  PeerDelivery delivery_;
};

TEST_F(PeerDeliveryTest, FillsInTheNextHopOfEitherFamily) {
  delivery_.set({{*IpAddress::parse("10.0.0.2"), kWay}, {*IpAddress::parse("fd77::2"), kWay}});
  for (const char* peer : {"10.0.0.2", "fd77::2"}) {
    auto frame = frame_to(peer);
    EXPECT_TRUE(delivery_.complete(frame)) << peer;
    EXPECT_TRUE(goes_to(frame, kWay)) << peer;
  }
  EXPECT_EQ(delivery_.without_way(), 0U);
}

TEST_F(PeerDeliveryTest, CountsWhatHasNoWay) {
  auto frame = frame_to("10.0.0.2");
  EXPECT_FALSE(delivery_.complete(frame));
  EXPECT_EQ(delivery_.without_way(), 1U);
}

TEST_F(PeerDeliveryTest, LeavesMulticastAlone) {
  auto frame = frame_to("224.0.0.18");
  const MacAddress group = *MacAddress::parse("01:00:5e:00:00:12");
  std::memcpy(frame.data(), group.bytes.data(), group.bytes.size());
  EXPECT_TRUE(delivery_.complete(frame));
  EXPECT_TRUE(goes_to(frame, group));
}

}  // namespace
}  // namespace penstock::control
