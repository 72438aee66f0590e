// Who claims our addresses while we are master: what is remembered, and what is said.
#include "control/vrrp/vip_conflicts.h"
#include "tests/support/ip.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace penstock::control {
namespace {

using penstock::test::ip;
using std::chrono::seconds;

const vrrp::TimePoint kStart{std::chrono::hours{1}};
const packet::MacAddress kOther{{0x02, 0, 0, 0, 0, 0x66}};
const packet::MacAddress kOurs{{0x02, 0, 0, 0, 0, 0x01}};

vrrp::InstanceSpec instance_with(std::string name, std::string_view vip, std::string_view excluded) {
  vrrp::InstanceSpec spec{.name = std::move(name), .interface = "eth0"};
  spec.addresses.push_back({.address = ip(vip)});
  spec.excluded_addresses.push_back({.address = ip(excluded)});
  return spec;
}

class VipConflictsTest : public testing::Test {
 protected:
  VipConflictsTest() {
    conflicts.set_own_macs(std::vector{kOurs});
    conflicts.apply(
        std::vector{instance_with("VI_1", "192.168.1.200", "192.168.1.201"), instance_with("VI_2", "fd77::200", "fd77::201")});
    masters.insert("VI_1");
  }

  bool says(std::string_view address, seconds at = {}, const packet::MacAddress& mac = kOther) {
    return conflicts.note("eth0", {ip(address), mac}, kStart + at) != nullptr;
  }

  std::set<std::string> masters;
  VipConflicts conflicts{[this](const std::string& instance_with) { return masters.contains(instance_with); }};
};

TEST_F(VipConflictsTest, a_claim_of_an_address_of_ours_is_remembered) {
  EXPECT_TRUE(says("192.168.1.200"));
  EXPECT_TRUE(says("192.168.1.201", seconds{1}));
  says("192.168.1.200", seconds{2});
  const auto list = conflicts.list();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].instance, "VI_1");
  EXPECT_EQ(list[0].interface, "eth0");
  EXPECT_EQ(list[0].address, ip("192.168.1.200"));
  EXPECT_EQ(list[0].mac, kOther);
  EXPECT_EQ(list[0].count, 2U);
  EXPECT_EQ(list[0].first, kStart);
  EXPECT_EQ(list[0].last, kStart + seconds{2});
  EXPECT_EQ(list[1].address, ip("192.168.1.201"));
}

TEST_F(VipConflictsTest, others_addresses_our_own_macs_and_claims_while_backup_are_no_conflict) {
  EXPECT_FALSE(says("192.168.1.1"));
  EXPECT_FALSE(says("192.168.1.200", {}, kOurs));
  EXPECT_FALSE(says("fd77::200"));
  masters.clear();
  EXPECT_FALSE(says("192.168.1.200"));
  EXPECT_TRUE(conflicts.list().empty());
}

TEST_F(VipConflictsTest, a_line_is_due_once_a_minute_for_each_address_and_mac) {
  EXPECT_TRUE(says("192.168.1.200"));
  EXPECT_FALSE(says("192.168.1.200", seconds{59}));
  EXPECT_TRUE(says("192.168.1.201", seconds{59}));
  EXPECT_TRUE(says("192.168.1.200", seconds{59}, {{0x02, 0, 0, 0, 0, 0x67}}));
  EXPECT_TRUE(says("192.168.1.200", seconds{60}));
  EXPECT_FALSE(says("192.168.1.200", seconds{61}));
}

TEST_F(VipConflictsTest, what_was_heard_outlives_a_change_of_state_but_not_the_address) {
  says("192.168.1.200");
  masters.clear();
  EXPECT_EQ(conflicts.list().size(), 1U);
  conflicts.apply(std::vector{instance_with("VI_1", "192.168.1.210", "192.168.1.201")});
  EXPECT_TRUE(conflicts.list().empty());
}

TEST_F(VipConflictsTest, a_flood_of_mac_addresses_leaves_the_most_recent_ones) {
  for (std::uint8_t i = 0; i < 200; ++i) says("192.168.1.200", seconds{i}, {{0x02, 0, 0, 1, 0, i}});
  const auto list = conflicts.list();
  ASSERT_EQ(list.size(), VipConflicts::kMost);
  EXPECT_EQ(list.front().mac.bytes[5], 199);
  EXPECT_EQ(list.back().mac.bytes[5], 200 - VipConflicts::kMost);
}

}  // namespace
}  // namespace penstock::control
