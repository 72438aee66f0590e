// The data plane's ticks out of the CPU's time stamp counter.
#pragma once

#include <cstdint>

#include "dataplane/core/tick.h"

namespace penstock::dpdk {

// Worker-owned; all workers begin with the same counter value, so their ticks agree.
class TickClock {
 public:
  // `start`: the counter at tick 0. `frequency`: counts a second, at least kTicksPerSecond.
  TickClock(std::uint64_t start, std::uint64_t frequency) : period_{frequency / core::kTicksPerSecond}, begin_{start} {}

  // The tick at counter value `tsc`, which never goes back. Divides only when a tick has passed.
  [[nodiscard]] core::Tick at(std::uint64_t tsc) {
    if (tsc - begin_ >= period_) {
      const std::uint64_t ticks = (tsc - begin_) / period_;
      tick_ += static_cast<core::Tick>(ticks);
      begin_ += ticks * period_;
    }
    return tick_;
  }

 private:
  std::uint64_t period_;
  std::uint64_t begin_;  // of the tick
  core::Tick tick_ = 0;
};

}  // namespace penstock::dpdk
