// Addresses that their master doesn't answer for: what the kernel still gets.
#include "control/vrrp/silent_addresses.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

#include "tests/support/ip.h"
#include "tests/support/packet_builder.h"

namespace penstock::control {
namespace {

using penstock::test::ip;
vrrp::InstanceSpec instance(bool accept, std::string_view vip, std::string_view excluded) {
  vrrp::InstanceSpec spec{.name = "VI_1", .interface = "eth0"};
  spec.accept = accept;
  spec.addresses.push_back({.address = ip(vip)});
  spec.excluded_addresses.push_back({.address = ip(excluded)});
  return spec;
}

TEST(SilentAddresses, the_kernel_gets_nothing_that_is_sent_to_them) {
  SilentAddresses silent;
  const auto ping = test::PacketBuilder{}.ipv4("10.0.0.1", "192.168.1.200").icmp_echo_request(1, 1).build();
  EXPECT_TRUE(silent.may_accept(ping));
  silent.apply(std::vector{instance(false, "192.168.1.200", "fd77::200"), instance(true, "192.168.1.201", "fd77::201")});
  EXPECT_FALSE(silent.may_accept(ping));
  EXPECT_FALSE(silent.may_accept(test::PacketBuilder{}.ipv6("fd77::1", "fd77::200").tcp(1024, 22).build()));
  EXPECT_FALSE(silent.may_accept(
      test::PacketBuilder{}.ipv4("10.0.0.1", "192.168.1.200").fragment(1480, false, 7).udp(1, 2).payload(40).build()));
  EXPECT_TRUE(silent.may_accept(test::PacketBuilder{}.ipv4("10.0.0.1", "192.168.1.201").icmp_echo_request(1, 1).build()));
  EXPECT_TRUE(silent.may_accept(test::PacketBuilder{}.ipv4("192.168.1.200", "10.0.0.1").udp(1, 2).build()));
  EXPECT_TRUE(silent.may_accept(
      test::PacketBuilder{}.arp(1, test::kClientMac, "192.168.1.200", test::kDirectorMac, "192.168.1.200").build()));
  EXPECT_EQ(silent.dropped(), 3U);
  silent.apply({});
  EXPECT_TRUE(silent.may_accept(ping));
}

}  // namespace
}  // namespace penstock::control
