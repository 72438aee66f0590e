// Another configuration while running, and the end.
#include <gtest/gtest.h>

#include "tests/vrrp/router_fixture.h"

namespace penstock::vrrp {
namespace {

using ReloadTest = RouterTest;
using StopTest = RouterTest;

TEST_F(ReloadTest, OfTheSameConfigurationDoesNothingAtAll) {
  start_as_master(with({instance()}));
  pass(300ms);
  const auto before = status();
  configure(spec_);
  EXPECT_TRUE(order_.empty());
  EXPECT_EQ(status().next, before.next);
  EXPECT_EQ(status().since, before.since);
}

TEST_F(ReloadTest, AnAddedAddressAloneIsAnnounced) {
  RouterSpec spec = with({instance()});
  start_as_master(spec);
  const auto before = status().next;
  spec.instances[0].addresses.push_back(vip("10.77.0.11"));
  configure(spec);
  EXPECT_EQ(state(), State::kMaster);
  EXPECT_TRUE(adverts_.empty());
  EXPECT_EQ(status().next, before);
  EXPECT_EQ(announced("10.77.0.11"), 5);
  EXPECT_EQ(announced("10.77.0.10"), 0);
  EXPECT_EQ(order_, (std::vector<std::string>{"own", "frame", "log"}));
  pass(1s);
  EXPECT_EQ(adverts_.at(0).advert.addresses.size(), 2);
}

TEST_F(ReloadTest, ARemovedAddressIsSaidAndNoLongerAnnounced) {
  RouterSpec spec = with({instance()});
  spec.instances[0].addresses.push_back(vip("10.77.0.11"));
  start_as_master(spec);
  spec.instances[0].addresses.pop_back();
  configure(spec);
  EXPECT_TRUE(logged("(VI_1) ip address 10.77.0.11/32 dev eth0, no longer exist"));
  EXPECT_TRUE(owners_.at(0).owns);
  take(router_.announce_again(now_));
  EXPECT_EQ(announcements_.size(), 1);
}

TEST_F(ReloadTest, AChangedPriorityLeavesAMasterMaster) {
  RouterSpec spec = with({instance()});
  start_as_master(spec);
  spec.instances[0].priority = 50;
  configure(spec);
  EXPECT_EQ(state(), State::kMaster);
  EXPECT_TRUE(logged("(VI_1) Changing effective priority from 100 to 50"));
  pass(1s);
  EXPECT_EQ(adverts_.at(0).advert.priority, 50);
  hear({.priority = 80});
  EXPECT_EQ(state(), State::kBackup) << "an ordinary election follows";
}

TEST_F(ReloadTest, AChangedPriorityShiftsABackupsTimer) {
  RouterSpec spec = with({instance()});
  start(spec);
  pass(1s);
  spec.instances[0].priority = 200;
  configure(spec);
  EXPECT_EQ(until_timer(), 2s + 56 * 3'906'250ns);
}

TEST_F(ReloadTest, AMastersNewIntervalBeginsWithAnAdvert) {
  RouterSpec spec = with({instance()});
  start_as_master(spec);
  pass(300ms);
  forget();
  spec.instances[0].advert_interval = 2s;
  configure(spec);
  EXPECT_EQ(adverts_.at(0).advert.interval, 2s);
  EXPECT_EQ(until_timer(), 2s);
}

// Found by the simulation: the advert that tells a new interval went out before the new priority was known.
TEST_F(ReloadTest, AMastersNewIntervalIsToldWithItsNewPriority) {
  RouterSpec spec = with({version3(instance("VI_1", 200), 1s)});
  start_as_master(spec);
  forget();
  spec.instances[0].advert_interval = 2s;
  spec.instances[0].priority = 90;
  configure(spec);
  ASSERT_EQ(adverts_.size(), 1);
  EXPECT_EQ(adverts_[0].advert.priority, 90);
  EXPECT_EQ(adverts_[0].advert.interval, 2s);
}

// Found by the simulation: addresses that waited for their turn (garp_interval) were forgotten when the reload added another.
TEST_F(ReloadTest, AnAddedAddressDoesntKeepOthersFromBeingAnnounced) {
  RouterSpec spec = with({instance()});
  spec.instances[0].addresses.push_back(vip("10.77.0.11"));
  spec.instances[0].addresses.push_back(vip("10.77.0.12"));
  spec.instances[0].announcement = {.repeat = 1, .again_after = {}, .arp_gap = 100ms};
  start(spec);
  pass(3'609'375us);  // master; the first address is announced, the others wait
  ASSERT_EQ(announced("10.77.0.11"), 0);
  spec.instances[0].addresses.pop_back();
  spec.instances[0].addresses.push_back(vip("10.77.0.13"));
  configure(spec);
  pass(1s);
  EXPECT_EQ(announced("10.77.0.11"), 1);
  EXPECT_EQ(announced("10.77.0.12"), 0);
  EXPECT_EQ(announced("10.77.0.13"), 1);
}

TEST_F(ReloadTest, ABackupsNewIntervalBeginsANewWait) {
  RouterSpec spec = with({instance()});
  start(spec);
  pass(1s);
  spec.instances[0].advert_interval = 2s;
  configure(spec);
  EXPECT_EQ(until_timer(), 6'609'375us);
}

TEST_F(ReloadTest, ABackupOfVersion3KeepsTheIntervalOfTheMasterThatItHears) {
  RouterSpec spec = with({version3(instance())});
  start(spec);
  hear({.priority = 150, .interval = 4s});
  spec.instances[0].advert_interval = 2s;
  configure(spec);
  EXPECT_EQ(until_timer(), 4s * 3 + 2'437'500us);
}

TEST_F(ReloadTest, ARemovedInstanceResigns) {
  RouterSpec spec = with({instance("VI_1"), instance("VI_2")});
  start_as_master(spec);
  spec.instances.pop_back();
  configure(spec);
  ASSERT_EQ(adverts_.size(), 1);
  EXPECT_EQ(adverts_[0].advert.virtual_router_id, 52);
  EXPECT_EQ(adverts_[0].advert.priority, 0);
  EXPECT_EQ(fifo_, std::vector<std::string>{"INSTANCE \"VI_2\" FAULT 100"});
  EXPECT_EQ(router_.status().size(), 1);
}

TEST_F(ReloadTest, WithNotifyDeletedARemovedInstanceIsDeleted) {
  RouterSpec spec = with({instance("VI_1"), instance("VI_2")});
  spec.instances[1].notify.deleted = {.command = {"/bin/gone"}};
  start_as_master(spec);
  spec.instances.pop_back();
  configure(spec);
  EXPECT_EQ(fifo_, std::vector<std::string>{"INSTANCE \"VI_2\" DELETED 100"});
  EXPECT_EQ(scripts_.at(0).script.command, std::vector<std::string>{"/bin/gone"});
}

TEST_F(ReloadTest, AnotherVridIsAnotherRouter) {
  RouterSpec spec = with({instance()});
  start_as_master(spec);
  spec.instances[0].virtual_router_id = 99;
  configure(spec);
  EXPECT_EQ(adverts_.at(0).advert.virtual_router_id, 51);
  EXPECT_EQ(adverts_.at(0).advert.priority, 0);
  EXPECT_EQ(state(), State::kBackup);
  pass(4s);
  EXPECT_EQ(adverts_.back().advert.virtual_router_id, 99);
}

TEST_F(ReloadTest, ANewInstanceStartsWhileOthersGoOn) {
  RouterSpec spec = with({instance("VI_1")});
  start_as_master(spec);
  spec.instances.insert(spec.instances.begin(), instance("VI_2"));
  configure(spec);
  EXPECT_EQ(state("VI_1"), State::kMaster);
  EXPECT_EQ(state("VI_2"), State::kBackup);
  EXPECT_EQ(router_.status().front().name, "VI_2") << "the configuration's order";
  hear({.priority = 150}, "VI_1");
  EXPECT_EQ(state("VI_1"), State::kBackup);
}

TEST_F(ReloadTest, TrackersThatStayKeepWhatTheyKnow) {
  InstanceSpec one = instance();
  one.tracking.scripts = {{.name = "chk_a"}};
  RouterSpec spec = with({one});
  spec.scripts.resize(1);
  spec.scripts[0].name = "chk_a";
  start(spec);
  script("chk_a", true);
  spec.scripts[0].fall = 3;
  configure(spec);
  EXPECT_EQ(state(), State::kBackup);
  script("chk_a", false);
  script("chk_a", false);
  EXPECT_EQ(state(), State::kBackup);
}

TEST_F(ReloadTest, ANewScriptDoesntDisturbAMaster) {
  RouterSpec spec = with({instance()});
  start_as_master(spec);
  spec.instances[0].tracking.scripts = {{.name = "chk_a"}};
  spec.scripts.resize(1);
  spec.scripts[0].name = "chk_a";
  configure(spec);
  EXPECT_EQ(state(), State::kMaster);
  script("chk_a", false);
  EXPECT_EQ(state(), State::kFault);
}

TEST_F(ReloadTest, StatesAreWrittenToTheFifoOnRequest) {
  RouterSpec spec = with({instance()});
  spec.states_on_reload = true;
  start_as_master(spec);
  configure(spec);
  EXPECT_EQ(fifo_, std::vector<std::string>{"INSTANCE \"VI_1\" MASTER 100"});
}

TEST_F(ReloadTest, TwoMastersThatBecomeAGroupStayMasters) {
  RouterSpec spec = with({instance("VI_1"), instance("VI_2")});
  start_as_master(spec);
  spec.sync_groups.resize(1);
  spec.sync_groups[0].name = "G1";
  spec.sync_groups[0].instances = {"VI_1", "VI_2"};
  configure(spec);
  EXPECT_EQ(group_state(), State::kMaster);
  hear({.priority = 150}, "VI_1");
  EXPECT_EQ(state("VI_2"), State::kBackup);
}

TEST_F(ReloadTest, AMasterThatIsGroupedWithABackupResigns) {
  RouterSpec spec = with({instance("VI_1"), instance("VI_2")});
  start(spec);
  for (int i = 0; i < 5; ++i) {
    hear({.priority = 150}, "VI_2");
    pass(1s);
  }
  ASSERT_EQ(state("VI_1"), State::kMaster);
  forget();
  spec.sync_groups.resize(1);
  spec.sync_groups[0].name = "G1";
  spec.sync_groups[0].instances = {"VI_1", "VI_2"};
  configure(spec);
  EXPECT_EQ(state("VI_1"), State::kBackup);
  EXPECT_EQ(adverts_.at(0).advert.priority, 0);
}

TEST_F(StopTest, ResignsFirstThenReleasesThenTells) {
  RouterSpec spec = with({instance("VI_1"), instance("VI_2")});
  spec.instances[0].notify.stop = {.command = {"/bin/stop"}};
  spec.instances[0].notify.mail = true;
  start_as_master(spec);
  take(router_.stop(now_));
  EXPECT_EQ(order_, (std::vector<std::string>{"frame", "disown", "log", "script", "fifo", "mail", "log", "fifo"}));
  ASSERT_EQ(adverts_.size(), 2);
  EXPECT_EQ(adverts_[1].advert.priority, 0);
  EXPECT_EQ(lines_[0], "(VI_1) sent 0 priority");
  EXPECT_EQ(lines_[1], "(VI_1) removing VIPs.");
  EXPECT_EQ(fifo_, (std::vector<std::string>{"INSTANCE \"VI_1\" STOP 100", "INSTANCE \"VI_2\" STOP 100"}));
  EXPECT_EQ(mails_.at(0).subject, "VRRP Instance VI_1 - Stopping");
}

TEST_F(StopTest, ABackupStopsWithoutAnAdvert) {
  start(with({instance()}));
  take(router_.stop(now_));
  EXPECT_TRUE(adverts_.empty());
  EXPECT_EQ(fifo_.back(), "INSTANCE \"VI_1\" STOP 100");
}

TEST_F(StopTest, NothingHappensAfterwards) {
  start_as_master(with({instance()}));
  take(router_.stop(now_));
  forget();
  EXPECT_FALSE(router_.next());
  hear({.priority = 0});
  link("eth0", false);
  link("eth0", true);
  stall(10s);
  configure(spec_);
  take(router_.stop(now_));
  EXPECT_TRUE(order_.empty());
}

}  // namespace
}  // namespace penstock::vrrp
