// Ticks out of a counter, and when a worker without work slows down.
#include <gtest/gtest.h>

#include "dataplane/dpdk/idle.h"
#include "dataplane/dpdk/tick_clock.h"

namespace penstock::dpdk {
namespace {

constexpr std::uint64_t kFrequency = 2'600'000'000;
constexpr std::uint64_t kPeriod = kFrequency / core::kTicksPerSecond;

TEST(TickClock, CountsWholeTicksFromItsStart) {
  TickClock clock{1000, kFrequency};
  EXPECT_EQ(clock.at(1000), 0U);
  EXPECT_EQ(clock.at(1000 + kPeriod - 1), 0U);
  EXPECT_EQ(clock.at(1000 + kPeriod), 1U);
  EXPECT_EQ(clock.at(1000 + 2 * kPeriod - 1), 1U);
  EXPECT_EQ(clock.at(1000 + kFrequency), core::kTicksPerSecond);
}

TEST(TickClock, LosesNothingInALongPause) {
  TickClock often{0, kFrequency};
  TickClock seldom{0, kFrequency};
  core::Tick tick = 0;
  const std::uint64_t end = 100 * kFrequency + 12345;
  for (std::uint64_t tsc = 0; tsc < end; tsc += kPeriod / 3) tick = often.at(tsc);
  tick = often.at(end);
  EXPECT_EQ(seldom.at(end), tick);
  EXPECT_EQ(tick, 100 * core::kTicksPerSecond);
}

TEST(TickClock, WrapsAfterItsYears) {
  TickClock clock{0, kFrequency};
  EXPECT_EQ(clock.at((std::uint64_t{1} << 32U) * kPeriod - 1), UINT32_MAX);
  EXPECT_EQ(clock.at((std::uint64_t{1} << 32U) * kPeriod), 0U);
}

TEST(IdlePolicy, PollsThenPausesThenSleeps) {
  const std::uint64_t microsecond = kFrequency / 1'000'000;
  IdlePolicy policy{IdleMode::kSleep, kFrequency};
  using Step = IdlePolicy::Step;
  EXPECT_EQ(policy.after_loop(true, 1000), Step::kPoll);
  EXPECT_EQ(policy.after_loop(false, 1000 + 19 * microsecond), Step::kPoll);
  EXPECT_EQ(policy.after_loop(false, 1000 + 20 * microsecond), Step::kPause);
  EXPECT_EQ(policy.after_loop(false, 1000 + 99 * microsecond), Step::kPause);
  EXPECT_EQ(policy.after_loop(false, 1000 + 100 * microsecond), Step::kSleep);
  EXPECT_EQ(policy.after_loop(false, 1000 + 5000 * microsecond), Step::kSleep);
  EXPECT_EQ(policy.after_loop(true, 1000 + 5100 * microsecond), Step::kPoll);
  EXPECT_EQ(policy.after_loop(false, 1000 + 5110 * microsecond), Step::kPoll) << "any work starts it anew";
}

TEST(IdlePolicy, PollsForEverWhenToldTo) {
  IdlePolicy policy{IdleMode::kPoll, kFrequency};
  EXPECT_EQ(policy.after_loop(true, 1000), IdlePolicy::Step::kPoll);
  EXPECT_EQ(policy.after_loop(false, UINT64_MAX - 1), IdlePolicy::Step::kPoll);
}

}  // namespace
}  // namespace penstock::dpdk
