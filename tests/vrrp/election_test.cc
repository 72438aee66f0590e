// Who becomes master, and when: RFC 3768 and RFC 9568 section 6.4, with keepalived's additions.
#include <gtest/gtest.h>

#include "tests/vrrp/router_fixture.h"
#include "vrrp/timers.h"

namespace penstock::vrrp {
namespace {

using ElectionTest = RouterTest;

TEST(Timers, AreExactToTheNanosecond) {
  static_assert(skew_time(2, 100, 1s) == 609'375us);
  static_assert(master_down_interval(2, 100, 1s, 3) == 3'609'375us);
  static_assert(skew_time(3, 100, 100ms) == 60'937'500ns);
  static_assert(master_down_interval(3, 100, 100ms, 3) == 360'937'500ns);
  static_assert(skew_time(3, 100, 10ms) == 6'093'750ns);
  static_assert(master_down_interval(3, 100, 10ms, 3) == 36'093'750ns);
  static_assert(skew_time(2, 255, 1s) == 3'906'250ns);
  static_assert(skew_time(3, 1, 4s) == 3'984'375us);
  static_assert(master_down_interval(2, 254, 255s, 1) == 255s + 7'812'500ns);
}

TEST_F(ElectionTest, StateMasterAloneDoesntMakeAMaster) {
  InstanceSpec spec = instance();
  spec.initial_master = true;
  start(with({spec}));
  EXPECT_EQ(state(), State::kBackup);
  EXPECT_TRUE(logged("(VI_1) Entering BACKUP STATE (init)"));
  EXPECT_TRUE(adverts_.empty());
}

TEST_F(ElectionTest, AnOwnerWithStateMasterIsMasterAtOnce) {
  InstanceSpec spec = instance("VI_1", 255);
  spec.initial_master = true;
  start(with({spec}));
  EXPECT_EQ(state(), State::kMaster);
  ASSERT_EQ(adverts_.size(), 1);
  EXPECT_EQ(adverts_[0].advert.priority, 255);
}

TEST_F(ElectionTest, AnOwnerWithStateBackupWaits) {
  start(with({instance("VI_1", 255)}));
  EXPECT_EQ(state(), State::kBackup);
  pass(3s + 3'906'249ns);
  EXPECT_EQ(state(), State::kBackup);
  pass(1ns);
  EXPECT_EQ(state(), State::kMaster);
}

TEST_F(ElectionTest, OnlyABackupHasATakeoverAhead) {
  InstanceSpec other = instance("VI_2", 200);
  other.virtual_router_id = 52;
  configure(with({instance(), other}));
  EXPECT_FALSE(router_.next_takeover());  // eth0 isn't up
  link("eth0", true);
  EXPECT_EQ(router_.next_takeover(), now_ + master_down_interval(2, 200, 1s, 3));
  pass(3s + 300ms);
  EXPECT_EQ(state("VI_2"), State::kMaster);  // whose adverts are no takeover
  EXPECT_EQ(*router_.next_takeover() - now_, master_down_interval(2, 100, 1s, 3) - 3300ms);
  hear({.priority = 150});
  EXPECT_EQ(router_.next_takeover(), now_ + master_down_interval(2, 100, 1s, 3));
  take(router_.stop(now_));
  EXPECT_FALSE(router_.next_takeover());
}

struct Silence {
  std::uint8_t version;
  Duration interval;
  nanoseconds takeover;
};
class SilenceTest : public RouterTest, public ::testing::WithParamInterface<Silence> {};

TEST_P(SilenceTest, OfAMasterEndsWithATakeoverAtTheExactMoment) {
  InstanceSpec spec = instance();
  if (GetParam().version == 3) spec = version3(spec, GetParam().interval);
  start(with({spec}));
  pass(5ms);
  hear({.priority = 150});
  const nanoseconds last_advert = time();
  pass(GetParam().takeover - 1ns);
  EXPECT_EQ(state(), State::kBackup);
  pass(1ns);
  EXPECT_EQ(state(), State::kMaster);
  EXPECT_EQ(advert_times(last_advert), std::vector{GetParam().takeover});
  EXPECT_TRUE(logged("(VI_1) Entering MASTER STATE"));
}

INSTANTIATE_TEST_SUITE_P(ByInterval, SilenceTest,
                         ::testing::Values(Silence{2, 1s, 3'609'375us}, Silence{3, 1s, 3'609'375us},
                                           Silence{3, 100ms, 360'937'500ns}, Silence{3, 10ms, 36'093'750ns}));

TEST_F(ElectionTest, PriorityZeroIsFollowedAfterTheSkewOfVersion2) {
  start(with({instance()}));
  hear({.priority = 150});
  hear({.priority = 0});
  EXPECT_TRUE(logged("(VI_1) Backup received priority 0 advertisement"));
  pass(609'375us - 1ns);
  EXPECT_EQ(state(), State::kBackup);
  pass(1ns);
  EXPECT_EQ(state(), State::kMaster);
  EXPECT_EQ(status().counters.priority_zero_received, 1);
}

TEST_F(ElectionTest, PriorityZeroIsFollowedAfterTheSkewOfTheMastersInterval) {
  start(with({version3(instance(), 1s)}));
  hear({.priority = 150, .interval = 100ms});
  hear({.priority = 0, .interval = 100ms});
  EXPECT_EQ(until_timer(), 60'937'500ns);
}

TEST_F(ElectionTest, PriorityZeroThatRepeatsItselfDoesntPutTheTakeoverOff) {
  start(with({instance()}));
  hear({.priority = 150});
  hear({.priority = 0});
  pass(500ms);
  hear({.priority = 0});
  pass(109'375us);
  EXPECT_EQ(state(), State::kMaster);
}

TEST_F(ElectionTest, ABackupOfVersion3AdoptsTheMastersInterval) {
  start(with({version3(instance(), 1s)}));
  hear({.priority = 150, .interval = 2s});
  EXPECT_EQ(until_timer(), 7218750us);
  EXPECT_TRUE(logged("(VI_1) advertisement interval updated to 2000 milli-sec from 1000 milli-sec"));
  EXPECT_EQ(status().counters.interval_differs, 1);
}

TEST_F(ElectionTest, AnIntervalOfZeroIsNotAdopted) {
  start(with({version3(instance(), 1s)}));
  hear({.priority = 150, .interval = 0s});
  EXPECT_EQ(until_timer(), 3'609'375us);
}

TEST_F(ElectionTest, AdvertsOfLowerPriorityAreDiscardedAndTheTimerRunsOn) {
  start(with({instance("VI_1", 150)}));
  pass(1s);
  hear({.from = "10.77.0.3", .priority = 100});
  EXPECT_TRUE(logged("(VI_1) received lower priority (100) advert from 10.77.0.3 - discarding"));
  EXPECT_EQ(until_timer(), 2414062500ns);
  pass(2s);
  hear({.from = "10.77.0.3", .priority = 100});
  pass(414'062'500ns);
  EXPECT_EQ(state(), State::kMaster);
  EXPECT_EQ(count_logged("discarding"), 1) << "one line in ten seconds";
}

TEST_F(ElectionTest, WithNopreemptAdvertsOfLowerPriorityKeepUsBackup) {
  InstanceSpec spec = instance("VI_1", 150);
  spec.nopreempt = true;
  start(with({spec}));
  for (int i = 0; i < 10; ++i) {
    pass(1s);
    hear({.priority = 100});
  }
  EXPECT_EQ(state(), State::kBackup);
  pass(3414062500ns);
  EXPECT_EQ(state(), State::kMaster) << "it still takes over from silence";
}

TEST_F(ElectionTest, WithNopreemptPriorityZeroIsFollowed) {
  InstanceSpec spec = instance("VI_1", 150);
  spec.nopreempt = true;
  start(with({spec}));
  hear({.priority = 100});
  hear({.priority = 0});
  pass(414062500ns);
  EXPECT_EQ(state(), State::kMaster);
}

TEST_F(ElectionTest, PreemptDelayCountsFromTheFirstAdvertOfLowerPriority) {
  InstanceSpec spec = instance("VI_1", 150);
  spec.preempt_delay = 5s;
  start(with({spec}));
  pass(700ms);
  const nanoseconds first = time();
  for (int i = 0; i < 8 && state() == State::kBackup; ++i) {
    hear({.priority = 100});
    pass(1s);
  }
  EXPECT_EQ(state(), State::kMaster);
  // The last advert within the delay was 4 s after the first; keepalived was measured at 7.42 s.
  EXPECT_EQ(advert_times(first).front(), 4s + 3'414'062'500ns);
  EXPECT_EQ(debug_lines_.front(), "(VI_1) start preempt delay (5.000000)");
}

TEST_F(ElectionTest, AMasterOfHigherPriorityEndsThePreemptDelay) {
  InstanceSpec spec = instance("VI_1", 150);
  spec.preempt_delay = 2s;
  start(with({spec}));
  hear({.priority = 100});
  pass(1s);
  hear({.from = "10.77.0.3", .priority = 200});
  pass(2s);
  hear({.priority = 100});
  EXPECT_EQ(until_timer(), 3'414'062'500ns) << "a new delay has begun, in which adverts count";
}

TEST_F(ElectionTest, AMasterYieldsToAHigherPriority) {
  start_as_master(with({instance()}));
  hear({.from = "10.77.0.1", .priority = 150});
  EXPECT_EQ(state(), State::kBackup);
  EXPECT_TRUE(logged("(VI_1) Master received advert from 10.77.0.1 with higher priority 150, ours 100"));
  EXPECT_TRUE(adverts_.empty());
  EXPECT_EQ(until_timer(), 3'609'375us);
  EXPECT_EQ(lines_.size(), 3);
  EXPECT_EQ(lines_[1], "(VI_1) Entering BACKUP STATE");
  EXPECT_EQ(lines_[2], "(VI_1) removing VIPs.");
  EXPECT_FALSE(owners_.back().owns);
  EXPECT_EQ(status().why, "10.77.0.1 has the higher priority 150");
}

TEST_F(ElectionTest, HigherPrioSendAdvertSendsOneBeforeYielding) {
  InstanceSpec spec = instance();
  spec.advert_before_yielding = true;
  start_as_master(with({spec}));
  hear({.priority = 150});
  EXPECT_EQ(state(), State::kBackup);
  ASSERT_EQ(adverts_.size(), 1);
  EXPECT_EQ(adverts_[0].advert.priority, 100);
}

TEST_F(ElectionTest, EqualPriorityIsDecidedByTheHigherAddress) {
  start_as_master(with({instance()}));
  hear({.from = "10.77.0.1", .priority = 100});
  EXPECT_EQ(state(), State::kMaster);
  EXPECT_EQ(adverts_.size(), 1);
  pass(10ms);
  hear({.from = "10.77.0.3", .priority = 100});
  EXPECT_EQ(state(), State::kBackup);
  EXPECT_TRUE(logged("(VI_1) Master received advert from 10.77.0.3 with same priority 100 but higher IP address than ours"));
}

TEST_F(ElectionTest, AMasterAnswersALowerPriorityAtOnceAndKeepsItsTimer) {
  start_as_master(with({instance()}));
  pass(300ms);
  const auto before = status().next;
  hear({.from = "10.77.0.3", .priority = 50});
  EXPECT_EQ(adverts_.size(), 1);
  EXPECT_EQ(status().next, before);
  EXPECT_TRUE(logged("(VI_1) Received advert from 10.77.0.3 with lower priority 50, ours 100, forcing new election"));
}

TEST_F(ElectionTest, LowerPrioNoAdvertAnswersNothing) {
  InstanceSpec spec = instance();
  spec.answers_lower_priority = false;
  start_as_master(with({spec}));
  hear({.from = "10.77.0.3", .priority = 50});
  EXPECT_TRUE(adverts_.empty());
  EXPECT_TRUE(logged("(VI_1) Received advert from 10.77.0.3 with lower priority 50, ours 100"));
  EXPECT_EQ(announced("10.77.0.10"), 5);
}

TEST_F(ElectionTest, AFloodOfLowerPrioritiesIsNotAnsweredAdvertByAdvert) {
  start_as_master(with({instance()}));
  for (int i = 0; i < 1000; ++i) {
    hear({.from = "10.77.0.3", .priority = 50});
    pass(10us);
  }
  EXPECT_LE(adverts_.size(), 3);
  EXPECT_LE(announcements_.size(), 15);
}

TEST_F(ElectionTest, AMasterAnswersPriorityZeroAtOnceAndStays) {
  start_as_master(with({instance()}));
  pass(300ms);
  hear({.priority = 0});
  EXPECT_EQ(state(), State::kMaster);
  EXPECT_EQ(adverts_.size(), 1);
  EXPECT_EQ(until_timer(), 1s);
  EXPECT_TRUE(logged("(VI_1) Master received priority 0 message"));
}

TEST_F(ElectionTest, OfTwoOwnersTheLowerAddressYieldsForGood) {
  InstanceSpec spec = instance("VI_1", 255);
  start_as_master(with({spec}));
  hear({.from = "10.77.0.3", .priority = 255});
  EXPECT_EQ(state(), State::kBackup);
  EXPECT_EQ(status().effective_priority, 254);
  EXPECT_EQ(count_logged("CONFIGURATION ERROR"), 1);
}

TEST_F(ElectionTest, OfTwoOwnersTheHigherAddressStays) {
  start_as_master(with({instance("VI_1", 255)}));
  hear({.from = "10.77.0.1", .priority = 255});
  EXPECT_EQ(state(), State::kMaster);
  EXPECT_EQ(status().effective_priority, 255);
  EXPECT_EQ(count_logged("CONFIGURATION ERROR"), 1);
  EXPECT_EQ(adverts_.size(), 1);
}

TEST_F(ElectionTest, AnOwnerMayIgnoreAdverts) {
  InstanceSpec spec = instance("VI_1", 255);
  spec.owner_ignores_adverts = true;
  start_as_master(with({spec}));
  hear({.from = "10.77.0.3", .priority = 255});
  EXPECT_EQ(state(), State::kMaster);
  EXPECT_EQ(status().counters.rejected[static_cast<std::size_t>(Rejection::kPriority)], 1);
}

TEST_F(ElectionTest, AnOwnerThatComesBackIsHeardAlthoughWeHoldItsAddress) {
  start_as_master(with({instance()}));
  link("eth0", true, {ip("10.77.0.2"), ip("fe80::2"), ip("10.77.0.10")});
  hear({.from = "10.77.0.10", .priority = 255});
  EXPECT_EQ(state(), State::kBackup);
}

TEST_F(ElectionTest, DownTimerAdvertsLengthensTheWait) {
  InstanceSpec spec = instance();
  spec.down_timer_adverts = 5;
  start(with({spec}));
  EXPECT_EQ(until_timer(), 5'609'375us);
}

TEST_F(ElectionTest, TheStartUpDelayHoldsAllTimers) {
  RouterSpec spec = with({instance()});
  spec.startup_delay = 10s;
  start(spec);
  hear({.priority = 50});
  pass(10s - 1ns);
  EXPECT_EQ(state(), State::kInit);
  EXPECT_EQ(status().counters.adverts_received, 1);
  pass(1ns);
  EXPECT_EQ(state(), State::kBackup);
  EXPECT_EQ(until_timer(), 3'609'375us);
}

TEST_F(ElectionTest, AMastersAdvertsDontDrift) {
  start_as_master(with({instance()}));
  const TimePoint due = *status().next;
  now_ = due + 30ms;
  take(router_.on_time(now_));
  EXPECT_EQ(*status().next, due + 1s);
  EXPECT_EQ(status().counters.worst_lateness, 30ms);
  EXPECT_EQ(status().counters.stalls, 0);
}

TEST_F(ElectionTest, AdvertsThatWereMissedAreNotSentLater) {
  start_as_master(with({instance()}));
  const TimePoint due = *status().next;
  now_ = due + 2500ms;
  take(router_.on_time(now_));
  EXPECT_EQ(adverts_.size(), 1);
  EXPECT_EQ(*status().next, due + 3s);
}

TEST_F(ElectionTest, AMasterThatStalledForTooLongListensFirst) {
  start_as_master(with({instance()}));
  stall(1s + 3'609'375us + 1ns);
  EXPECT_EQ(state(), State::kBackup);
  EXPECT_TRUE(adverts_.empty());
  EXPECT_EQ(count_logged("listening for another master first"), 1);
  EXPECT_EQ(status().counters.stalls, 1);
  EXPECT_FALSE(owners_.back().owns);
  pass(3'609'375us);
  EXPECT_EQ(state(), State::kMaster);
}

TEST_F(ElectionTest, AMasterThatStalledForTooLongBelievesTheAdvertThatWaited) {
  InstanceSpec spec = instance();
  spec.nopreempt = true;
  start_as_master(with({spec}));
  now_ += 10s;
  hear({.priority = 50});
  EXPECT_EQ(state(), State::kBackup);
  EXPECT_TRUE(adverts_.empty()) << "no fight with who took over meanwhile";
  pass(2s);
  hear({.priority = 50});
  EXPECT_EQ(until_timer(), 3'609'375us);
}

TEST_F(ElectionTest, ABackupThatStalledForTooLongWaitsOnceMore) {
  start(with({instance()}));
  stall(2 * 3'609'375us + 1ns);
  EXPECT_EQ(state(), State::kBackup);
  EXPECT_EQ(until_timer(), 3'609'375us);
  EXPECT_EQ(status().counters.stalls, 1);
}

TEST_F(ElectionTest, ABackupThatIsALittleLateTakesOver) {
  start(with({instance()}));
  stall(5s);
  EXPECT_EQ(state(), State::kMaster);
}

}  // namespace
}  // namespace penstock::vrrp
