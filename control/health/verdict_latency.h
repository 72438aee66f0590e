// How long verdicts of health checks take to the workers: from the end of the probe to the publication of the table without the
// server, or with it again.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace penstock::control {

// Since the start of the daemon. One figure for each publication that verdicts asked for, of the oldest verdict in it.
struct VerdictLatency {
  static constexpr std::chrono::milliseconds kSlow{1};

  std::uint64_t publications = 0;
  std::uint64_t slow = 0;  // of them by more than kSlow
  std::chrono::nanoseconds latest{0};
  std::chrono::nanoseconds worst{0};

  void add(std::chrono::nanoseconds latency) {
    ++publications;
    if (latency > kSlow) ++slow;
    latest = latency;
    worst = std::max(worst, latency);
  }

  friend bool operator==(const VerdictLatency&, const VerdictLatency&) = default;
};

}  // namespace penstock::control
