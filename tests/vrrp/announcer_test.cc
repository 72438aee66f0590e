// When the neighbours are told where the addresses live.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/vrrp/router_fixture.h"

namespace penstock::vrrp {
namespace {

using AnnouncerTest = RouterTest;

std::vector<nanoseconds> times_of(const std::vector<SentAnnouncement>& sent, TimePoint since) {
  std::vector<nanoseconds> times;
  for (const SentAnnouncement& each : sent) times.push_back(each.at - since);
  return times;
}

TEST_F(AnnouncerTest, ANewMasterAnnouncesFiveTimesAtOnceAndFiveTimesLater) {
  start(with({instance()}));
  pass(3'609'375us);
  const TimePoint master = now_;
  EXPECT_EQ(announced("10.77.0.10"), 5);
  pass(20s);
  std::vector<nanoseconds> expected(5, 0s);
  expected.insert(expected.end(), 5, 5s);
  EXPECT_EQ(times_of(announcements_, master), expected);
  EXPECT_EQ(announcements_[0].mac, kMac);
  EXPECT_EQ(status().counters.announcements_sent, 10);
}

TEST_F(AnnouncerTest, TheLinesAreKeepaliveds) {
  InstanceSpec spec = instance();
  spec.announcement.repeat = 2;
  start(with({spec}));
  forget();
  pass(3'609'375us);
  EXPECT_EQ(lines_, (std::vector<std::string>{"(VI_1) Entering MASTER STATE", "(VI_1) setting VIPs.",
                                              "(VI_1) Sending/queueing gratuitous ARPs on eth0 for 10.77.0.10"}));
  EXPECT_EQ(debug_lines_,
            (std::vector<std::string>{"(VI_1) Receive advertisement timeout", "Sending gratuitous ARP on eth0 for 10.77.0.10",
                                      "Sending gratuitous ARP on eth0 for 10.77.0.10"}));
}

TEST_F(AnnouncerTest, AllOf255AddressesAreAnnouncedOnceBeforeAnyIsAnnouncedAgain) {
  InstanceSpec spec = instance();
  for (int i = 11; i < 30; ++i) spec.addresses.push_back(vip("10.77.0." + std::to_string(i)));
  for (int i = 0; i < 235; ++i) spec.excluded_addresses.push_back(vip("10.77.2." + std::to_string(i)));
  start(with({spec}));
  pass(3'609'375us);
  ASSERT_EQ(announcements_.size(), 5 * 255);
  std::set<packet::IpAddress> first;
  for (int i = 0; i < 255; ++i) first.insert(announcements_[static_cast<std::size_t>(i)].address);
  EXPECT_EQ(first.size(), 255);
  EXPECT_EQ(adverts_.at(0).advert.addresses.size(), 20);
}

TEST_F(AnnouncerTest, RefreshesFollowTheSecondSet) {
  InstanceSpec spec = instance();
  spec.announcement.refresh = 10s;
  spec.announcement.refresh_repeat = 2;
  start(with({spec}));
  pass(3'609'375us + 6s);
  const TimePoint master = now_ - 6s;
  forget();
  pass(30s);
  EXPECT_EQ(times_of(announcements_, master), (std::vector<nanoseconds>{15s, 15s, 25s, 25s, 35s, 35s}));
}

TEST_F(AnnouncerTest, ALowerPriorityIsAnsweredBySetsNowAndWhenTheOtherHasGone) {
  InstanceSpec spec = instance();
  spec.announcement.lower_priority_repeat = 2;
  start_as_master(with({spec}));
  const TimePoint first = now_;
  hear({.from = "10.77.0.3", .priority = 50});
  pass(1s);
  hear({.from = "10.77.0.3", .priority = 50});
  pass(20s);
  EXPECT_EQ(times_of(announcements_, first), (std::vector<nanoseconds>{0s, 0s, 1s, 1s, 6s, 6s}));
}

TEST_F(AnnouncerTest, GarpLowerPrioRepeatZeroAnnouncesNothing) {
  InstanceSpec spec = instance();
  spec.announcement.lower_priority_repeat = 0;
  start_as_master(with({spec}));
  hear({.from = "10.77.0.3", .priority = 50});
  pass(20s);
  EXPECT_TRUE(announcements_.empty());
}

TEST_F(AnnouncerTest, WhoIsNoLongerMasterAnnouncesNoMore) {
  InstanceSpec spec = instance();
  spec.announcement.refresh = 10s;
  start(with({spec}));
  pass(4s);
  hear({.priority = 150});
  forget();
  for (int i = 0; i < 30; ++i) {
    pass(1s);
    hear({.priority = 150});
  }
  EXPECT_TRUE(announcements_.empty());
}

TEST_F(AnnouncerTest, GarpIntervalIsTheLeastGapOnAnInterfaceForAllInstances) {
  RouterSpec spec = with({instance("VI_1"), instance("VI_2")});
  for (InstanceSpec& each : spec.instances) {
    each.announcement.repeat = 2;
    each.announcement.again_after = 0s;
    each.announcement.arp_gap = 100ms;
  }
  start(spec);
  pass(3'609'375us);
  const TimePoint master = now_;
  pass(1s);
  EXPECT_EQ(times_of(announcements_, master), (std::vector<nanoseconds>{0s, 100ms, 200ms, 300ms}));
  EXPECT_EQ(announced("10.77.0.20"), 2);
}

TEST_F(AnnouncerTest, WhatWaitsForTheGapIsDroppedWithTheMaster) {
  InstanceSpec spec = instance();
  spec.announcement.arp_gap = 1s;
  start(with({spec}));
  pass(3'609'375us + 1500ms);
  EXPECT_EQ(announcements_.size(), 2);
  hear({.priority = 150});
  pass(3s);
  EXPECT_EQ(announcements_.size(), 2);
}

TEST_F(AnnouncerTest, ExcludedAddressesOfBothFamiliesAreAnnouncedWhereTheyLive) {
  InstanceSpec spec = instance();
  spec.excluded_addresses = {vip("fd77::10"), vip("192.0.2.1", "eth1"), vip("192.0.2.9", "eth9")};
  spec.announcement.repeat = 1;
  link("eth1", true, {});
  start(with({spec}));
  pass(4s);
  ASSERT_EQ(announcements_.size(), 3) << "eth9 isn't there";
  EXPECT_EQ(announcements_[1].address, ip("fd77::10"));
  EXPECT_EQ(announcements_[2].interface, "eth1");
  EXPECT_TRUE(logged("(VI_1) Sending/queueing Unsolicited Neighbour Adverts on eth0 for fd77::10"));
}

TEST_F(AnnouncerTest, AnotherMacAddressIsAnnounced) {
  start_as_master(with({instance()}));
  take(router_.on_interface(
      "eth0", {.up = true, .mac = {{2, 0, 0, 0, 0, 9}}, .addresses = {ip("10.77.0.2")}, .is_router = true}, now_));
  ASSERT_EQ(announcements_.size(), 5);
  EXPECT_EQ(announcements_[0].mac.bytes[5], 9);
}

TEST_F(AnnouncerTest, OnRequestEachAddressIsAnnouncedOnceMore) {
  start_as_master(with({instance("VI_1"), instance("VI_2")}));
  hear({.priority = 150}, "VI_2");
  forget();
  take(router_.announce_again(now_));
  EXPECT_EQ(announcements_.size(), 1);
  EXPECT_EQ(announced("10.77.0.10"), 1);
}

TEST_F(AnnouncerTest, CountersBeginAgainOnRequest) {
  start_as_master(with({instance("VI_1")}));
  hear({.priority = 50, .password = "wrong"});
  const auto counters = [&] { return router_.status()[0].counters; };
  EXPECT_GT(counters().adverts_sent, 0U);
  EXPECT_GT(counters().announcements_sent, 0U);
  EXPECT_EQ(counters().became_master, 1U);
  router_.clear_counters();
  EXPECT_EQ(counters().adverts_sent + counters().announcements_sent + counters().became_master, 0U);
  EXPECT_EQ(std::ranges::count(counters().rejected, 0U), std::ssize(counters().rejected));
  EXPECT_EQ(router_.status()[0].state, State::kMaster);
}

TEST_F(AnnouncerTest, WithAVirtualMacFramesCarryIt) {
  InstanceSpec spec = instance();
  spec.virtual_mac = {.interface = "vrrp.51"};
  spec.excluded_addresses = {vip("192.0.2.1", "eth1")};
  InstanceSpec v6 = ipv6(instance("VI_2"));
  v6.virtual_mac.emplace();
  v6.virtual_mac->transmit_base = true;
  link("eth1", true, {});
  start(with({spec, v6}));
  pass(4s);
  const packet::MacAddress virtual_v4{{0, 0, 0x5e, 0, 1, 51}};
  const packet::MacAddress virtual_v6{{0, 0, 0x5e, 0, 2, 52}};
  EXPECT_EQ(adverts_.at(0).frame.source_mac, virtual_v4);
  EXPECT_EQ(adverts_.at(1).frame.source_mac, kMac) << "vmac_xmit_base";
  for (const SentAnnouncement& each : announcements_) {
    EXPECT_EQ(each.mac, each.interface == "eth1" ? kMac : each.address.is_v4() ? virtual_v4 : virtual_v6);
  }
  EXPECT_GT(count_logged("gratuitous ARPs on vrrp.51 for 10.77.0.10"), 0U);
  EXPECT_GT(count_logged("gratuitous ARPs on eth1 for 192.0.2.1"), 0U);
}

}  // namespace
}  // namespace penstock::vrrp
