#include "healthcheck/io/prober.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/waiting.h"

namespace penstock::healthcheck {
namespace {

using namespace std::chrono_literals;
using control::EventLoop;

// A probe that never ends by itself.
class SilentProbe final : public Probe {};

TEST(Punctuality, CountsChecksByHowLateTheyStart) {
  PunctualityRecorder recorder;
  EXPECT_EQ(recorder.read(), Punctuality{});
  for (const auto late : {-1ms, 0ms, 100ms, 101ms, 1000ms, 1001ms, 5ms}) recorder.add(late);
  EXPECT_EQ(recorder.read(), (Punctuality{.started = 7, .late = 3, .very_late = 1, .worst = 1001ms}));
}

class ProberTest : public ::testing::Test {
 protected:
  void start(CheckId id) {
    CheckSpec spec;
    spec.pace.warmup = Duration{0};
    spec.pace.delay_loop = 10min;
    prober_.start(id, spec, true);
  }
  void wait_for_starts(std::size_t count) {
    penstock::test::wait_until(loop_, "the checks' start", [&] { return done_.size() == count; });
  }

  EventLoop loop_;
  PunctualityRecorder punctuality_;
  std::vector<ProbeDone> done_;
  std::vector<CheckReport> reports_;
  Prober prober_{loop_,
                 [this](const CheckSpec&, ProbeDone done) {
                   done_.push_back(std::move(done));
                   return std::make_unique<SilentProbe>();
                 },
                 [this](CheckReport report) { reports_.push_back(std::move(report)); }, punctuality_};
};

TEST_F(ProberTest, CountsEachCheckThatItStarts) {
  start(CheckId{1});
  start(CheckId{2});
  EXPECT_EQ(punctuality_.read().started, 0U);
  wait_for_starts(2);
  EXPECT_EQ(punctuality_.read().started, 2U);
  EXPECT_EQ(punctuality_.read().very_late, 0U);
  done_[0]({});
  ASSERT_EQ(reports_.size(), 1U);
  EXPECT_EQ(punctuality_.read().started, 2U) << "the next one is due in ten minutes";
}

TEST_F(ProberTest, SeesThatACheckIsLateWhenTheLoopWasHeldUp) {
  start(CheckId{1});
  control::Timer obstacle = loop_.add_timer([] { std::this_thread::sleep_for(300ms); });
  obstacle.start_once(Prober::kStartDelay - 100ms);
  wait_for_starts(1);
  const Punctuality read = punctuality_.read();
  EXPECT_EQ(read.started, 1U);
  EXPECT_EQ(read.late, 1U);
  EXPECT_GT(read.worst, 100ms);
}

TEST_F(ProberTest, StartsThousandsThatAreDueAtOnceInPortions) {
  constexpr std::size_t kCount = 4 * Prober::kStartsPerTurn;
  for (std::uint64_t id = 1; id <= kCount; ++id) start(CheckId{id});
  std::this_thread::sleep_for(Prober::kStartDelay + 100ms);  // all are due before the loop's next turn
  loop_.run_once();
  EXPECT_GE(done_.size(), Prober::kStartsPerTurn);
  EXPECT_LE(done_.size(), 2 * Prober::kStartsPerTurn) << "run_once() serves timers before and after its wait";
  prober_.stop(CheckId{kCount});  // one that waits
  wait_for_starts(kCount - 1);
  EXPECT_EQ(punctuality_.read().started, kCount - 1);
}

}  // namespace
}  // namespace penstock::healthcheck
