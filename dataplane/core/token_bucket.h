// A rate limit: so many a second on average, so many at once.
#pragma once

#include <algorithm>
#include <cstdint>

#include "dataplane/core/tick.h"

namespace penstock::core {

class TokenBucket {
 public:
  // `per_second`: refill, up to 2^31. `burst`: most tokens that it holds, and those it begins with.
  TokenBucket(std::uint32_t per_second, std::uint32_t burst)
      : per_second_{per_second}, capacity_{std::uint64_t{burst} * kTicksPerSecond}, level_{capacity_} {}

  // Whether one more is allowed now; if so, it is taken. `now` never goes back.
  [[nodiscard]] bool take(Tick now) {
    level_ = std::min(capacity_, level_ + std::uint64_t{now - last_} * per_second_);
    last_ = now;
    if (level_ < kTicksPerSecond) return false;
    level_ -= kTicksPerSecond;
    return true;
  }

 private:
  std::uint32_t per_second_;
  Tick last_ = 0;
  std::uint64_t capacity_;  // in 1/64 of a token, so that one tick's refill is a whole number
  std::uint64_t level_;
};

}  // namespace penstock::core
