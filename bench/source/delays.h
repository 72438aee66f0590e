// How long packets took: a histogram whose classes are at most 1/64 wide, so that a percentile is right to 1.6 %.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

namespace penstock::bench {

// Written by one thread, read by any.
class Delays {
 public:
  static constexpr unsigned kClassBits = 6;
  static constexpr unsigned kClasses = (64 - kClassBits + 1) << kClassBits;

  // In any unit.
  void record(std::uint64_t delay) {
    std::atomic<std::uint64_t>& count = counts_[class_of(delay)];
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  [[nodiscard]] std::uint64_t count(unsigned of_class) const { return counts_[of_class].load(std::memory_order_relaxed); }

  // Below 64 each has a class of its own; above, each power of two has 64.
  [[nodiscard]] static constexpr unsigned class_of(std::uint64_t delay) {
    const unsigned width = static_cast<unsigned>(std::bit_width(delay | 1));
    const unsigned shift = width > kClassBits + 1 ? width - kClassBits - 1 : 0;
    return (shift << kClassBits) + static_cast<unsigned>(delay >> shift);
  }

  // The smallest delay of a class.
  [[nodiscard]] static constexpr std::uint64_t first_of(unsigned of_class) {
    constexpr unsigned kPlain = 2U << kClassBits;
    if (of_class < kPlain) return of_class;
    const unsigned shift = (of_class >> kClassBits) - 1;
    return static_cast<std::uint64_t>(of_class - (shift << kClassBits)) << shift;
  }

 private:
  std::array<std::atomic<std::uint64_t>, kClasses> counts_{};
};

static_assert(Delays::class_of(127) == 127 && Delays::class_of(128) == 128 && Delays::class_of(130) == 129);
static_assert(Delays::first_of(Delays::class_of(130)) == 130 && Delays::first_of(Delays::class_of(1'000'000)) <= 1'000'000);
static_assert(Delays::class_of(~std::uint64_t{0}) < Delays::kClasses);

}  // namespace penstock::bench
