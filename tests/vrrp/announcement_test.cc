// The expected frames were made with scapy 2.5.0, for example:
//   bytes(Ether(src=MAC, dst="33:33:00:00:00:01") / IPv6(src=VIP, dst="ff02::1", hlim=255) / ICMPv6ND_NA(R=0, S=0, O=1,
//   tgt=VIP)
//         / ICMPv6NDOptDstLLAddr(lladdr=MAC)).hex()
#include "vrrp/announcement.h"

#include <gtest/gtest.h>

#include "tests/support/hex.h"
#include "tests/support/packet_builder.h"

namespace penstock::vrrp {
namespace {

using test::kDirectorMac;
using test::to_hex;

TEST(Announcement, GratuitousArpIsABroadcastRequestFromAndForTheVip) {
  EXPECT_EQ(to_hex(gratuitous_arp(kDirectorMac, test::v4("192.168.1.200"))),
            "ffffffffffff02000000000d0806"
            "0001080006040001"
            "02000000000dc0a801c8"
            "ffffffffffffc0a801c8");
}

TEST(Announcement, NeighbourAdvertisementOfAHostOverridesButIsNoRouter) {
  EXPECT_EQ(to_hex(unsolicited_neighbour_advertisement(kDirectorMac, test::v6("fd77::100"), false)),
            "33330000000102000000000d86dd"
            "6000000000203afffd770000000000000000000000000100ff020000000000000000000000000001"
            "880057a320000000fd770000000000000000000000000100020102000000000d");
}

TEST(Announcement, NeighbourAdvertisementOfARouterSaysSo) {
  EXPECT_EQ(to_hex(unsolicited_neighbour_advertisement(kDirectorMac, test::v6("fd77::100"), true)),
            "33330000000102000000000d86dd"
            "6000000000203afffd770000000000000000000000000100ff020000000000000000000000000001"
            "8800d7a2a0000000fd770000000000000000000000000100020102000000000d");
}

}  // namespace
}  // namespace penstock::vrrp
