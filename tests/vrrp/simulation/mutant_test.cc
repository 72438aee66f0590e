// The checkers prove themselves: each planted fault is found, and soon.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "tests/vrrp/simulation/campaign.h"

namespace penstock::vrrp::simulation {
namespace {

constexpr std::uint64_t kFoundWithin = 20'000;  // failovers

class MutantTest : public ::testing::TestWithParam<Mutant> {};

TEST_P(MutantTest, IsFound) {
  const Outcome outcome = run({.failovers = kFoundWithin, .mutant = GetParam()});
  ASSERT_FALSE(outcome.report.empty()) << "not within " << outcome.tally.total() << " failovers";
  const std::size_t verdict = outcome.report.rfind("VIOLATION ");
  fmt::print("{:26} after {:>5} failovers: {}", to_string(GetParam()), outcome.tally.total(),
             outcome.report.substr(verdict + 10));
}

TEST(Mutant, IsReportedWithTheSeedThatShowsItAlone) {
  const Outcome outcome = run({.failovers = kFoundWithin, .mutant = Mutant::kIgnoresPriorityZero});
  std::uint64_t seed = 0;
  ASSERT_EQ(std::sscanf(outcome.report.c_str(), "seed %lu", &seed), 1);
  EXPECT_EQ(run_scenario(draw_scenario(seed), Mutant::kIgnoresPriorityZero).report, outcome.report);
}

std::vector<Mutant> all_mutants() {
  std::vector<Mutant> all;
  for (std::uint8_t i = 1; i < kMutants; ++i) all.push_back(static_cast<Mutant>(i));
  return all;
}

INSTANTIATE_TEST_SUITE_P(Each, MutantTest, ::testing::ValuesIn(all_mutants()),
                         [](const auto& test) { return std::string{to_string(test.param)}; });

}  // namespace
}  // namespace penstock::vrrp::simulation
