// When a check's results count, and when the next probe comes.
#include "healthcheck/checker.h"

#include <gtest/gtest.h>

#include <vector>

namespace penstock::healthcheck {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const TimePoint kStart{seconds{1000}};
const ProbeResult kSuccess{};
const ProbeResult kRefusal{.failure = ProbeFailure::kRefused};
const ProbeResult kNotRun{.failure = ProbeFailure::kNotRun};

// keepalived's lab run t13: retry 2, a failed try each half second.
const Pace kPace{.delay_loop = seconds{6}, .delay_before_retry = milliseconds{500}, .retry = 2};

TEST(Checker, TheFirstProbeStartsWhenTheCallerSays) {
  EXPECT_EQ(Checker(kPace, true, kStart + seconds{3}).next(), kStart + seconds{3});
}

TEST(Checker, TheFirstFailureEverCountsAtOnce) {
  Checker checker{kPace, true, kStart};
  const auto step = checker.on_result(kRefusal, kStart);
  EXPECT_EQ(step.verdict, false);
  EXPECT_FALSE(step.is_retried);
  EXPECT_EQ(step.failures, 1U);
  EXPECT_FALSE(checker.is_up());
}

TEST(Checker, TheFirstSuccessOfACheckThatCountsAsUpIsAVerdictToo) {
  Checker checker{kPace, true, kStart};
  EXPECT_EQ(checker.on_result(kSuccess, kStart).verdict, true);
  EXPECT_EQ(checker.on_result(kSuccess, kStart).verdict, std::nullopt);
}

TEST(Checker, AnAlphaCheckIsDownUntilItsFirstSuccess) {
  Checker checker{kPace, false, kStart};
  EXPECT_FALSE(checker.is_up());
  EXPECT_EQ(checker.on_result(kRefusal, kStart).verdict, false);
  EXPECT_EQ(checker.on_result(kRefusal, kStart).verdict, std::nullopt);
  EXPECT_EQ(checker.on_result(kSuccess, kStart).verdict, true);
  EXPECT_TRUE(checker.is_up());
}

TEST(Checker, LaterOneFailureAndRetryFurtherOnesTakeAServerDown) {
  Checker checker{kPace, true, kStart};
  checker.on_result(kSuccess, kStart);
  TimePoint now = checker.next();
  std::vector<TimePoint> tries;
  Checker::Step step;
  do {
    tries.push_back(now);
    step = checker.on_result(kRefusal, now);
    now = checker.next();
  } while (step.is_retried);
  EXPECT_EQ(tries, (std::vector<TimePoint>{kStart + seconds{6}, kStart + milliseconds{6500}, kStart + seconds{7}}));
  EXPECT_EQ(step.verdict, false);
  EXPECT_EQ(step.failures, 3U);
}

TEST(Checker, WithoutRetriesEachFirstFailureCounts) {
  Checker checker{Pace{.retry = 0}, true, kStart};
  checker.on_result(kSuccess, kStart);
  EXPECT_EQ(checker.on_result(kRefusal, kStart).verdict, false);
}

TEST(Checker, ASuccessBetweenFailuresBeginsTheCountAnew) {
  Checker checker{kPace, true, kStart};
  checker.on_result(kSuccess, kStart);
  for (int round = 0; round < 5; ++round) {
    EXPECT_TRUE(checker.on_result(kRefusal, kStart).is_retried);
    EXPECT_TRUE(checker.on_result(kRefusal, kStart).is_retried);
    EXPECT_EQ(checker.on_result(kSuccess, kStart).verdict, std::nullopt);
  }
  EXPECT_TRUE(checker.is_up());
}

TEST(Checker, AServerThatIsDownIsAskedEachDelayLoop) {
  Checker checker{kPace, true, kStart};
  checker.on_result(kRefusal, kStart);
  EXPECT_EQ(checker.next(), kStart + seconds{6});
  EXPECT_FALSE(checker.on_result(kRefusal, kStart + seconds{6}).is_retried);
  EXPECT_EQ(checker.next(), kStart + seconds{12});
}

TEST(Checker, AServerThatIsDownIsAskedEachDelayBeforeRetryWhereThatIsLonger) {
  Checker checker{Pace{.delay_loop = seconds{2}, .delay_before_retry = seconds{9}}, true, kStart};
  checker.on_result(kRefusal, kStart);
  EXPECT_EQ(checker.next(), kStart + seconds{9});
}

TEST(Checker, PeriodsCountFromTheProbesEnd) {
  Checker checker{kPace, true, kStart};
  checker.on_result(ProbeResult{.latency = seconds{4}}, kStart + seconds{4});
  EXPECT_EQ(checker.next(), kStart + seconds{10});
}

TEST(Checker, PeriodsOfAScriptCountFromItsStart) {
  Checker checker{kPace, true, kStart, Checker::Period::kFromStart};
  checker.on_result(ProbeResult{.latency = seconds{4}}, kStart + seconds{4});
  EXPECT_EQ(checker.next(), kStart + seconds{6});
}

TEST(Checker, AScriptThatTakesLongerThanItsPeriodRunsAgainAtOnce) {
  Checker checker{kPace, true, kStart, Checker::Period::kFromStart};
  checker.on_result(ProbeResult{.latency = seconds{9}}, kStart + seconds{9});
  EXPECT_EQ(checker.next(), kStart + seconds{9});
}

TEST(Checker, OnlyScriptsCountFromTheirStart) {
  EXPECT_EQ(Checker::period_of(CheckSpec{.kind = MiscCheck{}}), Checker::Period::kFromStart);
  EXPECT_EQ(Checker::period_of(CheckSpec{.kind = TcpCheck{}}), Checker::Period::kFromEnd);
}

TEST(Checker, AProbeThatWasNotRunChangesNothingAndComesAgainAfterDelayLoop) {
  Checker checker{kPace, true, kStart};
  checker.on_result(kSuccess, kStart);
  for (int i = 1; i <= 100; ++i) {
    const auto step = checker.on_result(kNotRun, kStart + i * seconds{6});
    EXPECT_EQ(step.verdict, std::nullopt);
    EXPECT_FALSE(step.is_retried);
    EXPECT_EQ(step.failures, 0U);
    EXPECT_EQ(checker.next(), kStart + (i + 1) * seconds{6});
  }
  EXPECT_TRUE(checker.is_up());
}

TEST(Checker, AProbeThatWasNotRunIsNeitherAFailureNorASuccessBetweenFailures) {
  Checker checker{kPace, true, kStart};
  checker.on_result(kSuccess, kStart);
  checker.on_result(kRefusal, kStart);
  EXPECT_EQ(checker.on_result(kNotRun, kStart).failures, 1U);
  EXPECT_TRUE(checker.on_result(kRefusal, kStart).is_retried);
  checker.on_result(kNotRun, kStart);
  EXPECT_EQ(checker.on_result(kRefusal, kStart).verdict, false);
  checker.on_result(kNotRun, kStart);
  EXPECT_FALSE(checker.is_up());
}

TEST(Checker, TheFirstVerdictIsThatOfTheFirstProbeThatWasRun) {
  Checker up{kPace, true, kStart};
  up.on_result(kNotRun, kStart);
  EXPECT_EQ(up.on_result(kRefusal, kStart).verdict, false) << "the first failure ever counts at once";
  Checker down{kPace, false, kStart};
  down.on_result(kNotRun, kStart);
  EXPECT_FALSE(down.is_up());
  EXPECT_EQ(down.on_result(kSuccess, kStart).verdict, true);
}

}  // namespace
}  // namespace penstock::healthcheck
