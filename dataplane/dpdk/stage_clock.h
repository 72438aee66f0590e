// Where the cycles of a worker's loop go, stage by stage, while somebody wants to know. Else a stage's end costs one branch.
#pragma once

#include <rte_cycles.h>

#include <array>
#include <atomic>
#include <cstdint>

#include "dataplane/core/counter.h"

namespace penstock::dpdk {

enum class Stage : std::uint8_t {
  kRings,     // frames from control and from other workers are taken
  kReceive,   // frames are taken from devices
  kForward,   // the core judges and changes them
  kSend,      // frames are given to devices, to the kernel, to other workers, or freed
  kMaintain,  // connections that have ended are swept, and what else is due
};
inline constexpr std::size_t kStageCount = 5;

// Worker-owned, but for measure() and cycles().
class StageClock {
 public:
  // Any thread. From the next loop on.
  void measure(bool on) { wanted_.store(on, std::memory_order_relaxed); }
  // Any thread. Cycles of the time stamp counter spent in this stage, in loops that had something to do while it was measured.
  [[nodiscard]] std::uint64_t cycles(Stage stage) const { return cycles_[static_cast<std::size_t>(stage)].get(); }

  void begin_loop(std::uint64_t tsc) {
    is_on_ = wanted_.load(std::memory_order_relaxed);
    last_ = tsc;
  }
  // All since the last end was this stage's.
  void end(Stage stage) {
    if (is_on_) [[unlikely]]
      add(stage);
  }
  void end_loop(bool worked) {
    if (is_on_) [[unlikely]]
      keep(worked);
  }

 private:
  [[gnu::noinline, gnu::cold]] void add(Stage stage) {
    const std::uint64_t now = rte_rdtsc();
    loop_[static_cast<std::size_t>(stage)] += now - last_;
    last_ = now;
  }
  [[gnu::noinline, gnu::cold]] void keep(bool worked) {
    for (std::size_t i = 0; i < kStageCount; ++i) {
      if (worked) cycles_[i].add(loop_[i]);
      loop_[i] = 0;
    }
  }

  std::atomic<bool> wanted_{false};
  bool is_on_ = false;
  std::uint64_t last_ = 0;
  std::array<std::uint64_t, kStageCount> loop_{};
  std::array<core::Counter64, kStageCount> cycles_;
};

}  // namespace penstock::dpdk
