// The forwarder does what the reference director does, on random days of thousands of frames; and the reference does what the
// packet rows say.
//
// PENSTOCK_TEST_SEED=n replays a run; the seed is printed with each failure.
#include "tests/core/director/differential.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>

#include "tests/core/director/row_scripts.h"
#include "tests/core/outcome_text.h"
#include "tests/support/rows_words.h"
#include "tests/support/sanitized.h"
#include "tests/support/seed.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace penstock::test {
namespace {

using core::Action;
using packet::DropReason;

constexpr std::uint64_t kFrames = kIsSanitized ? 20'000 : 200'000;
constexpr std::size_t kScript = 16'000;  // bytes: some 3000 frames

Bytes random_script(std::mt19937_64& random) {
  Bytes bytes(kScript);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

// What happened in all days.
struct Seen {
  std::uint64_t frames = 0;
  std::set<Action> actions;
  std::set<DropReason> reasons;
  std::set<core::PuntClass> punts;

  void add(const Differential& day) {
    frames += day.frames();
    for (std::size_t i = 0; i < core::kActionCount; ++i) {
      if (day.seen(static_cast<Action>(i)) != 0) actions.insert(static_cast<Action>(i));
    }
    for (std::size_t i = 0; i < packet::kDropReasonCount; ++i) {
      if (day.seen(static_cast<DropReason>(i)) != 0) reasons.insert(static_cast<DropReason>(i));
    }
    for (std::size_t i = 0; i < core::kPuntClassCount; ++i) {
      if (day.seen(static_cast<core::PuntClass>(i)) != 0) punts.insert(static_cast<core::PuntClass>(i));
    }
  }
};

TEST(ForwarderAgainstReference, DoesTheSameOnRandomDays) {
  std::mt19937_64 random{seed()};
  Seen seen;
  for (unsigned day = 0; seen.frames < kFrames; ++day) {
    const Bytes bytes = random_script(random);
    FrameScript script{bytes};
    Differential differential{script.read_start()};
    for (unsigned step = 0;; ++step) {
      const auto next = script.next();
      ASSERT_EQ(next ? differential.step(*next) : differential.finish(), "")
          << "day " << day << ", step " << step << ", PENSTOCK_TEST_SEED=" << seed();
      if (!next) break;
    }
    seen.add(differential);
  }
  std::set<Action> actions{Action::kForward, Action::kReply, Action::kPunt, Action::kHold, Action::kDrop};
  EXPECT_EQ(seen.actions, actions);
  EXPECT_EQ(seen.punts, (std::set{core::PuntClass::kDoubtfulAdvert, core::PuntClass::kCheck, core::PuntClass::kSync,
                                  core::PuntClass::kNeighbour, core::PuntClass::kOther}));
  if (kIsSanitized) return;  // too short for what is rare
  // The shell's own, and what only a flood makes.
  const std::set<DropReason> beyond{DropReason::kTxQueueFull, DropReason::kHandoverRingFull, DropReason::kPuntRingFull,
                                    DropReason::kPuntLimited, DropReason::kFragmentHoldFull, DropReason::kIcmpFloodLimited};
  for (std::size_t i = 0; i < packet::kDropReasonCount; ++i) {
    const auto reason = static_cast<DropReason>(i);
    EXPECT_TRUE(seen.reasons.contains(reason) || beyond.contains(reason)) << name_of(reason) << " was not met";
  }
}

class DifferentialMutants : public testing::TestWithParam<PlantedFault> {};

TEST_P(DifferentialMutants, AreSeen) {
  std::mt19937_64 random{seed()};
  for (unsigned day = 0; day < 200; ++day) {
    const Bytes script = random_script(random);
    if (run_script(script, GetParam()).empty()) continue;
    EXPECT_EQ(run_script(script), "") << "without the fault, PENSTOCK_TEST_SEED=" << seed();
    return;
  }
  FAIL() << "nothing was seen, PENSTOCK_TEST_SEED=" << seed();
}

INSTANTIATE_TEST_SUITE_P(All, DifferentialMutants,
                         testing::Values(PlantedFault::kMovesFlow, PlantedFault::kKeepsMac, PlantedFault::kKeepsTtl,
                                         PlantedFault::kForgetsToCount, PlantedFault::kForgetsItsLength,
                                         PlantedFault::kLosesConnections, PlantedFault::kLongerTimeout,
                                         PlantedFault::kLateConfiguration, PlantedFault::kLosesHeldFragment));

// ---- The rows

// The row's last part, as the reference sees it.
void expect_reference_to_meet(const Row& row) {
  ReferenceDirector reference{row.situation, core::SchedulerKind::kRoundRobin, {}};
  for (const Event& event : row.before) {
    if (event.change) reference.change(*event.change);
    if (event.wait != 0) static_cast<void>(reference.pass(event.wait));
    if (!event.frame.empty()) static_cast<void>(reference.receive({.bytes = event.frame, .port = row.port}));
  }
  std::vector<ReferenceOutcome> outcomes;
  if (row.wait != 0) outcomes = reference.pass(row.wait);
  if (!row.in.empty()) {
    const auto all = reference.receive({.bytes = row.in, .port = row.port, .contiguous = row.contiguous});
    ASSERT_FALSE(all.empty());
    if (!all.front().is_advert) {
      EXPECT_EQ(text_of(all.front().outcome), text_of(row.expected));
    }
    outcomes.insert(outcomes.end(), all.begin() + 1, all.end());
  }
  std::multiset<std::string> released;
  std::multiset<std::string> expected;
  for (const ReferenceOutcome& each : outcomes) released.insert(text_of(each.outcome));
  for (const Outcome& each : row.released) expected.insert(text_of(each));
  EXPECT_EQ(released, expected);
}

// Schedulers, thresholds, full tables, adverts and a second worker are beyond the reference.
bool is_known_to_reference(const Row& row) {
  const Situation& situation = row.situation;
  const auto is_round_robin = [](const RowService& service) { return service.scheduler == core::SchedulerKind::kRoundRobin; };
  const auto has_limit = [](const RowServer& server) { return server.upper_threshold != 0; };
  return situation.workers == 1 && situation.connections4 == Situation{}.connections4 && situation.adverts.empty() &&
         std::ranges::all_of(situation.services, is_round_robin) && std::ranges::none_of(situation.servers, has_limit);
}

TEST(ReferenceDirector, MeetsThePacketRows) {
  unsigned met = 0;
  for (const Row& row : all_rows()) {
    if (!is_known_to_reference(row)) continue;
    SCOPED_TRACE(row.name);
    expect_reference_to_meet(row);
    ++met;
  }
  EXPECT_GE(met, 250U);
}

// What the fuzzer begins with lasts: each row is a script that holds.
TEST(ForwarderFuzz, HoldsForEachRowAsAScript) {
  for (const Row& row : all_rows()) {
    SCOPED_TRACE(row.name);
    const Bytes script = script_of(row);
    EXPECT_EQ(LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(script.data()), script.size()), 0);
  }
}

}  // namespace
}  // namespace penstock::test
