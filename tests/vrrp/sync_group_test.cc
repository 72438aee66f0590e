// Instances that change state together.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/vrrp/router_fixture.h"

namespace penstock::vrrp {
namespace {

using SyncGroupTest = RouterTest;

SyncGroupSpec group() {
  SyncGroupSpec spec;
  spec.name = "G1";
  spec.instances = {"VI_1", "VI_2"};
  return spec;
}
RouterSpec two(std::uint8_t first = 100, std::uint8_t second = 100) {
  return with({instance("VI_1", first), instance("VI_2", second)}, {group()});
}

TEST_F(SyncGroupTest, TheGroupIsMasterWhenEachMemberWantsIt) {
  start(two(100, 50));
  pass(3'609'375us);
  EXPECT_EQ(state("VI_1"), State::kBackup) << "VI_2 hasn't waited in full yet";
  pass(195'312'500ns);
  EXPECT_EQ(state("VI_1"), State::kMaster);
  EXPECT_EQ(state("VI_2"), State::kMaster);
  EXPECT_EQ(group_state(), State::kMaster);
  EXPECT_TRUE(logged("VRRP_Group(G1) Syncing instances to MASTER state"));
}

TEST_F(SyncGroupTest, StateMasterCountsAsWantingIt) {
  RouterSpec spec = two(150, 100);
  for (InstanceSpec& each : spec.instances) each.initial_master = true;
  start(spec);
  pass(3'414'062'500ns);
  EXPECT_EQ(state("VI_2"), State::kMaster) << "with the first, as keepalived does";
  const auto first = std::ranges::find(lines_, "(VI_1) Entering MASTER STATE");
  const auto sync = std::ranges::find(lines_, "VRRP_Group(G1) Syncing instances to MASTER state");
  const auto second = std::ranges::find(lines_, "(VI_2) Entering MASTER STATE");
  EXPECT_LT(first, sync);
  EXPECT_LT(sync, second);
}

TEST_F(SyncGroupTest, AMemberThatHearsItsMasterHoldsTheOthers) {
  start(two());
  for (int i = 0; i < 10; ++i) {
    pass(1s);
    hear({.priority = 150}, "VI_2");
  }
  EXPECT_EQ(state("VI_1"), State::kBackup);
  EXPECT_EQ(group_state(), State::kBackup);
  pass(4s);
  EXPECT_EQ(group_state(), State::kMaster);
}

TEST_F(SyncGroupTest, AdvertsComeFirstThenAddressesThenWords) {
  start(two());
  forget();
  pass(3'609'375us);
  EXPECT_EQ(state("VI_2"), State::kMaster);
  EXPECT_EQ(order_, (std::vector<std::string>{"frame", "own", "frame", "own", "frame", "log", "fifo", "log", "fifo"}));
  ASSERT_EQ(adverts_.size(), 2);
  EXPECT_EQ(announcements_.size(), 10);
}

TEST_F(SyncGroupTest, OneThatYieldsTakesTheOthersAlongInSilence) {
  start_as_master(two());
  hear({.priority = 150}, "VI_1");
  EXPECT_EQ(state("VI_1"), State::kBackup);
  EXPECT_EQ(state("VI_2"), State::kBackup);
  EXPECT_TRUE(logged("VRRP_Group(G1) Syncing instances to BACKUP state"));
  EXPECT_TRUE(adverts_.empty());
  EXPECT_EQ(owners_.size(), 2);
}

TEST_F(SyncGroupTest, FaultOfOneIsFaultOfAllAndEachSendsItsPriorityZero) {
  RouterSpec spec = two();
  spec.instances[1].interface = "eth1";
  for (VirtualAddress& address : spec.instances[1].addresses) address.interface = "eth1";
  configure(spec);
  link("eth0", true);
  EXPECT_EQ(state("VI_1"), State::kInit) << "VI_2 isn't ready";
  link("eth1", true);
  pass(4s);
  EXPECT_EQ(group_state(), State::kMaster);
  forget();
  link("eth1", false);
  EXPECT_EQ(state("VI_1"), State::kFault);
  EXPECT_EQ(state("VI_2"), State::kFault);
  ASSERT_EQ(adverts_.size(), 2);
  EXPECT_EQ(adverts_[0].advert.priority, 0);
  EXPECT_EQ(adverts_[1].advert.priority, 0);
  EXPECT_NE(adverts_[0].interface, adverts_[1].interface);
  EXPECT_TRUE(logged("VRRP_Group(G1) Syncing instances to FAULT state"));
  EXPECT_EQ(status("VI_1").why, "sync group G1: VI_2: interface eth1 down");
  link("eth1", true);
  EXPECT_EQ(state("VI_1"), State::kBackup);
  EXPECT_EQ(group_state(), State::kBackup);
  EXPECT_EQ(until_timer("VI_1"), 3'609'375us);
}

TEST_F(SyncGroupTest, AnAddressLostByOneMakesAllResign) {
  start_as_master(two());
  take(router_.on_address_lost("eth0", ip("10.77.0.20"), now_));
  EXPECT_EQ(group_state(), State::kBackup);
  EXPECT_EQ(adverts_.size(), 2) << "a peer's group follows at once only if it hears both";
}

TEST_F(SyncGroupTest, AStallOfOneMakesAllListen) {
  start_as_master(two());
  stall(10s);
  EXPECT_EQ(state("VI_1"), State::kBackup);
  EXPECT_EQ(state("VI_2"), State::kBackup);
  EXPECT_TRUE(adverts_.empty());
  pass(3'609'375us);
  EXPECT_EQ(group_state(), State::kMaster);
}

TEST_F(SyncGroupTest, BothFollowTheirPrioritiesZeroAtTheSameMoment) {
  start(two());
  for (const char* name : {"VI_1", "VI_2"}) hear({.priority = 150}, name);
  for (const char* name : {"VI_1", "VI_2"}) hear({.priority = 0}, name);
  pass(609'375us);
  EXPECT_EQ(group_state(), State::kMaster);
}

TEST_F(SyncGroupTest, WeightsOfMembersAreIgnoredAndItIsSaid) {
  RouterSpec spec = two();
  spec.instances[0].tracking.scripts = {{.name = "chk_a", .weight = {.value = -30}}};
  spec.scripts.resize(1);
  spec.scripts[0].name = "chk_a";
  start(spec);
  EXPECT_TRUE(logged("(VI_1) ignoring trackers with weights due to SYNC group: chk_a"));
  script("chk_a", false);
  EXPECT_EQ(status("VI_1").effective_priority, 100);
  spec.sync_groups[0].members_weights = true;
  configure(spec);
  EXPECT_EQ(status("VI_1").effective_priority, 70);
}

TEST_F(SyncGroupTest, TheGroupsOwnTrackersCountForEachMember) {
  RouterSpec spec = two();
  spec.sync_groups[0].tracking.scripts = {{.name = "chk_a", .weight = {.value = -30}}, {.name = "chk_b"}};
  spec.scripts.resize(2);
  spec.scripts[0].name = "chk_a";
  spec.scripts[1].name = "chk_b";
  start(spec);
  EXPECT_EQ(state("VI_1"), State::kInit);
  script("chk_a", false);
  script("chk_b", true);
  EXPECT_EQ(status("VI_2").effective_priority, 70);
  EXPECT_EQ(state("VI_2"), State::kBackup);
  script("chk_b", false);
  EXPECT_EQ(group_state(), State::kFault);
}

TEST_F(SyncGroupTest, OwnersAreMasterTogether) {
  RouterSpec spec = two(255, 255);
  for (InstanceSpec& each : spec.instances) each.initial_master = true;
  start(spec);
  EXPECT_EQ(group_state(), State::kMaster);
}

TEST_F(SyncGroupTest, AnOwnerAmongOthersWaits) {
  RouterSpec spec = two(255, 100);
  spec.instances[0].initial_master = true;
  start(spec);
  EXPECT_EQ(state("VI_1"), State::kBackup);
}

TEST_F(SyncGroupTest, TheGroupsNewsGoToItsScriptsAndTheFifo) {
  RouterSpec spec = two();
  spec.sync_groups[0].notify.any = {.command = {"/bin/n"}};
  spec.sync_groups[0].notify.mail = true;
  start(spec);
  EXPECT_EQ(fifo_, (std::vector<std::string>{"INSTANCE \"VI_1\" BACKUP 100", "INSTANCE \"VI_2\" BACKUP 100",
                                             "GROUP \"G1\" BACKUP 0"}));
  pass(4s);
  EXPECT_EQ(fifo_.back(), "GROUP \"G1\" MASTER 0");
  EXPECT_EQ(scripts_.back().script.command, (std::vector<std::string>{"/bin/n", "GROUP", "G1", "MASTER", "0"}));
  EXPECT_EQ(scripts_.back().queue, "GROUP G1");
  EXPECT_EQ(mails_.back().subject, "VRRP Group G1 - Entering MASTER state");
  EXPECT_EQ(mails_.back().body, "=> All VRRP group instances are now in MASTER state <=");
}

TEST_F(SyncGroupTest, AMemberThatAReloadAddsCatchesUpWithAMaster) {
  RouterSpec spec = two();
  start_as_master(spec);
  spec.instances.push_back(instance("VI_3"));
  spec.instances[2].virtual_router_id = 53;
  spec.sync_groups[0].instances.push_back("VI_3");
  configure(spec);
  EXPECT_EQ(state("VI_1"), State::kMaster);
  EXPECT_EQ(state("VI_3"), State::kBackup);
  pass(3'609'375us);
  EXPECT_EQ(state("VI_3"), State::kMaster);
}

}  // namespace
}  // namespace penstock::vrrp
