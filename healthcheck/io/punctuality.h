// Whether checks start when they are due: counted for each one, so that an operator sees when the machine can't keep up.
//
// A check is late by what lies between the time it was due and the time its probe was started: what other callbacks of the loop
// took, and how late the kernel woke the thread up. That a script then waits for its turn is not counted.
//
// One thread writes, any may read.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "healthcheck/spec/check_spec.h"

namespace penstock::healthcheck {

// Since the start of the daemon.
struct Punctuality {
  static constexpr Duration kLate = std::chrono::milliseconds{100};
  static constexpr Duration kVeryLate = std::chrono::seconds{1};

  std::uint64_t started = 0;    // checks: each try counts
  std::uint64_t late = 0;       // of them by more than kLate
  std::uint64_t very_late = 0;  // of those by more than kVeryLate
  std::chrono::nanoseconds worst{0};

  friend bool operator==(const Punctuality&, const Punctuality&) = default;
};

class PunctualityRecorder {
 public:
  // The owning thread only. Below zero (a timer has steps of 1 ms) counts as on time.
  void add(std::chrono::nanoseconds late_by) {
    count(started_);
    if (late_by > Punctuality::kLate) count(late_);
    if (late_by > Punctuality::kVeryLate) count(very_late_);
    if (late_by.count() > worst_.load(std::memory_order_relaxed)) worst_.store(late_by.count(), std::memory_order_relaxed);
  }

  // Any thread.
  [[nodiscard]] Punctuality read() const {
    return {.started = started_.load(std::memory_order_relaxed),
            .late = late_.load(std::memory_order_relaxed),
            .very_late = very_late_.load(std::memory_order_relaxed),
            .worst = std::chrono::nanoseconds{worst_.load(std::memory_order_relaxed)}};
  }

 private:
  static void count(std::atomic<std::uint64_t>& counter) {
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  std::atomic<std::uint64_t> started_{0};
  std::atomic<std::uint64_t> late_{0};
  std::atomic<std::uint64_t> very_late_{0};
  std::atomic<std::int64_t> worst_{0};  // ns
};

}  // namespace penstock::healthcheck
