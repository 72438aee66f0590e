// What no kernel sends is no record: found by fuzz-netlink, which holds each record against its message.
#include "control/netlink/records.h"

#include <gtest/gtest.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "tests/control/netlink/written_records.h"

namespace penstock::control {
namespace {

packet::IpAddress address(const char* text) { return *packet::IpAddress::parse(text); }

Message address_message(std::uint8_t family, std::uint8_t prefix_length, const char* local) {
  Message message{RTM_NEWADDR, 0};
  ifaddrmsg header{};
  header.ifa_family = family;
  header.ifa_prefixlen = prefix_length;
  header.ifa_index = 2;
  message.header(header).put(IFA_LOCAL, address(local));
  return message;
}

TEST(Records, AnAddressOfAnotherFamilyThanItsMessageIsNone) {
  EXPECT_TRUE(read_address(address_message(AF_INET6, 64, "fd77::1").raw()));
  EXPECT_FALSE(read_address(address_message(AF_INET, 24, "fd77::1").raw()));
  EXPECT_FALSE(read_address(address_message(AF_INET6, 24, "10.0.0.1").raw()));
}

TEST(Records, AnAddressWithAPrefixLongerThanItselfIsNone) {
  EXPECT_TRUE(read_address(address_message(AF_INET, 32, "10.0.0.1").raw()));
  EXPECT_FALSE(read_address(address_message(AF_INET, 33, "10.0.0.1").raw()));
}

TEST(Records, ABroadcastAddressOfAnotherFamilyIsLeftOut) {
  Message message = address_message(AF_INET, 24, "10.0.0.1");
  message.put(IFA_BROADCAST, address("fd77::1"));
  const auto read = read_address(message.raw());
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->broadcast);
}

TEST(Records, ANeighbourOfAnotherFamilyThanItsMessageIsNone) {
  Message message{RTM_NEWNEIGH, 0};
  ndmsg header{};
  header.ndm_family = AF_INET;
  message.header(header).put(NDA_DST, address("fd77::9"));
  EXPECT_FALSE(read_neighbour(message.raw()));
}

// Then all routes may have changed, which is safe.
TEST(Records, ARouteOfAnotherFamilyThanItsMessageHasNoScope) {
  Message message{RTM_NEWROUTE, 0};
  rtmsg header{};
  header.rtm_family = AF_INET;
  header.rtm_dst_len = 24;
  message.header(header).put(RTA_DST, address("fd77::"));
  EXPECT_FALSE(read_route_scope(message.raw()));
}

}  // namespace
}  // namespace penstock::control
