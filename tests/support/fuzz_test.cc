// Runs a fuzz target on its seeds and on PENSTOCK_FUZZ_INPUTS (tests/meson.build) damaged copies of them.
#include <gtest/gtest.h>

#include "tests/support/fuzz_target.h"
#include "tests/support/seed.h"

namespace penstock::test {
namespace {

void feed(const std::string& input) {
  // A copy of just this size, on whose ends a sanitizer keeps watch.
  const std::vector<std::uint8_t> bytes{input.begin(), input.end()};
  ASSERT_EQ(LLVMFuzzerTestOneInput(bytes.data(), bytes.size()), 0);
}

TEST(FuzzTarget, HoldsForItsSeeds) {
  const std::vector<std::string> seeds = fuzz_seeds();
  ASSERT_FALSE(seeds.empty());
  for (const std::string& seed : seeds) feed(seed);
  feed({});
}

TEST(FuzzTarget, HoldsForDamagedSeeds) {
  const std::vector<std::string> seeds = fuzz_seeds();
  std::mt19937 random{static_cast<std::mt19937::result_type>(seed())};
  std::cout.flush();  // a sanitizer may end the program
  for (std::size_t i = 0; i < PENSTOCK_FUZZ_INPUTS; ++i) feed(damaged(seeds[i % seeds.size()], random));
}

}  // namespace
}  // namespace penstock::test
