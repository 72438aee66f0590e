// The simulator's source of chance: small, fast, and the same on every machine, so that a seed is a scenario for ever.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace penstock::vrrp::simulation {

using Nanoseconds = std::chrono::nanoseconds;

// SplitMix64 (Steele, Lea, Flood 2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_{seed} {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  // 0..count - 1. Precondition: count > 0. The bias of the remainder is nothing to a simulation.
  std::size_t below(std::size_t count) { return next() % count; }
  int between(int least, int most) { return least + static_cast<int>(below(static_cast<std::size_t>(most - least) + 1)); }
  Nanoseconds between(Nanoseconds least, Nanoseconds most) {
    return least + Nanoseconds{static_cast<std::int64_t>(below(static_cast<std::size_t>((most - least).count()) + 1))};
  }
  bool percent(unsigned chance) { return next() % 100 < chance; }
  template <typename Value, std::size_t kSize>
  Value one_of(const Value (&values)[kSize]) {
    return values[below(kSize)];
  }
  // An independent stream: draws of one part don't shift those of another.
  Random fork() { return Random{next()}; }

 private:
  std::uint64_t state_;
};

}  // namespace penstock::vrrp::simulation
