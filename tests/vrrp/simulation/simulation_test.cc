// The state machine among its likes: a million failovers, and what must hold in each of them (checker.h).
//
// PENSTOCK_SIMULATION_FAILOVERS: how many. PENSTOCK_SIMULATION_SEED: only this scenario, as a report of a violation names it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>

#include "tests/vrrp/simulation/campaign.h"

// What AddressSanitizer keeps of each allocation costs more than the simulation itself: one caller of each, and 64 MiB of freed
// memory, are enough to find a fault by. ASAN_OPTIONS overrides it, to look closer.
extern "C" const char* __asan_default_options() {
  return "malloc_context_size=1:quarantine_size_mb=64:thread_local_quarantine_size_kb=4096:max_malloc_fill_size=0";
}

namespace penstock::vrrp::simulation {
namespace {

#ifndef PENSTOCK_SIMULATION_FAILOVERS
#define PENSTOCK_SIMULATION_FAILOVERS 1'000'000
#endif
constexpr std::uint64_t kLeastOfEachInMillion = 10'000;

std::optional<std::uint64_t> number_in(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  return std::strtoull(text, nullptr, 10);
}

TEST(Simulation, OfManyFailoversFindsNoViolation) {
  if (const auto seed = number_in("PENSTOCK_SIMULATION_SEED")) {
    const Result result = run_scenario(draw_scenario(*seed));
    fmt::print("{}digest {:#x}, {} failovers\n", describe(draw_scenario(*seed)), result.digest, result.tally.total());
    ASSERT_EQ(result.report, "");
    return;
  }
  const std::uint64_t failovers = number_in("PENSTOCK_SIMULATION_FAILOVERS").value_or(PENSTOCK_SIMULATION_FAILOVERS);
  const auto start = std::chrono::steady_clock::now();
  const Outcome outcome = run({.failovers = failovers, .threads = std::max(1U, std::thread::hardware_concurrency())});
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  ASSERT_TRUE(outcome.report.empty()) << outcome.report;
  fmt::print("{}{} scenarios, {} events, {} attacks rejected, {:.0f} failovers a second\n", outcome.tally.table(),
             outcome.scenarios, outcome.events, outcome.attacks_rejected,
             static_cast<double>(outcome.tally.total()) / took.count());
  EXPECT_GE(outcome.tally.total(), failovers);
  EXPECT_GE(outcome.tally.least(), kLeastOfEachInMillion * failovers / 1'000'000);
}

TEST(Simulation, RepeatsItselfFromItsSeed) {
  for (const std::uint64_t seed : {11U, 12U, 13U, 14U}) {
    const Result first = run_scenario(draw_scenario(seed));
    const Result second = run_scenario(draw_scenario(seed));
    EXPECT_EQ(first.digest, second.digest) << seed;
    EXPECT_EQ(first.simulated, second.simulated) << seed;
  }
}

// Whatever an attacker sends that must be rejected: the routers ask for the same things at the same nanoseconds.
TEST(Simulation, IsTheSameWithAndWithoutAnAttacker) {
  std::uint64_t attacks = 0;
  for (std::uint64_t seed = 1000; seed < 1040; ++seed) {
    Scenario scenario = draw_scenario(seed);
    scenario.ring = 100'000;  // a full one would drop other adverts instead
    scenario.attacked = false;
    const Result quiet = run_scenario(scenario);
    scenario.attacked = true;
    const Result attacked = run_scenario(scenario);
    ASSERT_EQ(quiet.violation, "") << quiet.report;
    ASSERT_EQ(attacked.violation, "") << attacked.report;
    EXPECT_EQ(quiet.digest, attacked.digest) << describe(scenario);
    attacks += attacked.attacks_rejected;
  }
  EXPECT_GT(attacks, 4'000);
}

}  // namespace
}  // namespace penstock::vrrp::simulation
