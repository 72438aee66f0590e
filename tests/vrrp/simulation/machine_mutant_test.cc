// Each planted fault of the simulation (mutant.h) breaks a rule on orders that are drawn at random, so the fuzz target can
// fail.
#include <gtest/gtest.h>

#include "tests/vrrp/simulation/checker.h"
#include "tests/vrrp/simulation/machine_play.h"

namespace penstock::vrrp::simulation {
namespace {

constexpr std::uint64_t kFoundWithin = 2'000;  // inputs

class MachineMutant : public ::testing::TestWithParam<Mutant> {};

TEST_P(MachineMutant, IsFound) {
  for (std::uint64_t seed = 1; seed <= kFoundWithin; ++seed) {
    try {
      play_machine(draw_orders(seed), GetParam());
    } catch (const Violation& violation) {
      std::printf("after %lu inputs: %s\n", seed, violation.what());
      return;
    }
  }
  FAIL() << "not within " << kFoundWithin << " inputs";
}

std::vector<Mutant> all_mutants() {
  std::vector<Mutant> all;
  for (std::uint8_t i = 1; i < kMutants; ++i) all.push_back(static_cast<Mutant>(i));
  return all;
}

INSTANTIATE_TEST_SUITE_P(Each, MachineMutant, ::testing::ValuesIn(all_mutants()),
                         [](const auto& test) { return std::string{to_string(test.param)}; });

}  // namespace
}  // namespace penstock::vrrp::simulation
