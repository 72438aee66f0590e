// A router's own clock: it started at another time than the others and runs a little faster or slower.
#pragma once

#include <cstdint>

#include "tests/vrrp/simulation/random.h"
#include "vrrp/router.h"

namespace penstock::vrrp::simulation {

class LocalClock {
 public:
  LocalClock() = default;
  LocalClock(Nanoseconds offset, std::int64_t parts_per_million) : offset_{offset}, drift_{parts_per_million} {}

  [[nodiscard]] TimePoint at(Nanoseconds world) const { return TimePoint{offset_ + world + gain(world)}; }
  // The first moment of the world at which this clock shows `local` or more.
  [[nodiscard]] Nanoseconds when(TimePoint local) const {
    const Nanoseconds target = local.time_since_epoch() - offset_;
    Nanoseconds world = target - gain(target);
    for (int i = 0; i < 3; ++i) world += target - world - gain(world);
    while (world + gain(world) < target) ++world;
    return world;
  }

 private:
  [[nodiscard]] Nanoseconds gain(Nanoseconds world) const { return world * drift_ / 1'000'000; }

  Nanoseconds offset_{};
  std::int64_t drift_ = 0;
};

}  // namespace penstock::vrrp::simulation
