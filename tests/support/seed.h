// The seed of a run's random choices.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>

namespace penstock::test {

// That of the environment's PENSTOCK_TEST_SEED, or a random one; printed, so that a run can be replayed.
inline std::uint64_t seed() {
  static const std::uint64_t kSeed = [] {
    const char* const given = std::getenv("PENSTOCK_TEST_SEED");
    const std::uint64_t value = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    std::cout << "PENSTOCK_TEST_SEED=" << value << '\n';
    return value;
  }();
  return kSeed;
}

}  // namespace penstock::test
