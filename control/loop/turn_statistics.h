// How long an event loop's turns take: what says whether something held the loop up, since its start and in the last minute.
//
// A turn is what the loop does between two waits for events: everything that became ready meanwhile, one callback after the
// other. Whoever's turn it is, all others wait; so the longest turn is the longest that a timer or a packet of this thread had
// to wait for reasons within the program. (That the kernel gives the processor to somebody else in the middle of a turn counts,
// too; that it wakes the thread up late doesn't.)
//
// The last minute is kept in slots of 10 s, so it is 50 to 60 s long. One thread writes, any may read; a reader that meets the
// writer may see a turn in one number that is still missing in another.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace penstock::control {

struct TurnStatistics {
  std::uint64_t turns = 0;
  std::chrono::nanoseconds worst{0};  // since the start
  std::chrono::nanoseconds worst_lately{0};
  double busy_lately = 0;  // share of the time, 0..1
};

class TurnRecorder {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds kSlot{10};
  static constexpr std::size_t kSlots = 6;

  explicit TurnRecorder(TimePoint start) : start_{start} {}

  // The owning thread only. Times don't go backwards.
  void add(TimePoint began, TimePoint ended) {
    const std::int64_t took = (ended - began).count();
    Slot& slot = slots_[number_of(ended) % kSlots];
    if (slot.number.load(std::memory_order_relaxed) != number_of(ended)) {
      slot.worst.store(0, std::memory_order_relaxed);
      slot.busy.store(0, std::memory_order_relaxed);
      slot.number.store(number_of(ended), std::memory_order_relaxed);
    }
    turns_.store(turns_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    raise(worst_, took);
    raise(slot.worst, took);
    slot.busy.store(slot.busy.load(std::memory_order_relaxed) + took, std::memory_order_relaxed);
  }

  // Any thread.
  [[nodiscard]] TurnStatistics read(TimePoint now) const {
    const std::uint64_t current = number_of(now);
    const std::uint64_t oldest = current < kSlots ? 0 : current - (kSlots - 1);
    std::int64_t worst = 0;
    std::int64_t busy = 0;
    for (const Slot& slot : slots_) {
      const std::uint64_t number = slot.number.load(std::memory_order_relaxed);
      if (number < oldest || number > current) continue;
      worst = std::max(worst, slot.worst.load(std::memory_order_relaxed));
      busy += slot.busy.load(std::memory_order_relaxed);
    }
    const std::chrono::nanoseconds covered = now - start_ - oldest * kSlot;
    const double share = covered.count() > 0 ? static_cast<double>(busy) / static_cast<double>(covered.count()) : 0;
    return {.turns = turns_.load(std::memory_order_relaxed),
            .worst = std::chrono::nanoseconds{worst_.load(std::memory_order_relaxed)},
            .worst_lately = std::chrono::nanoseconds{worst},
            .busy_lately = std::min(share, 1.0)};
  }

 private:
  struct Slot {
    std::atomic<std::uint64_t> number{0};  // of its 10 s since the start
    std::atomic<std::int64_t> worst{0};    // ns
    std::atomic<std::int64_t> busy{0};     // ns
  };

  [[nodiscard]] std::uint64_t number_of(TimePoint time) const { return static_cast<std::uint64_t>((time - start_) / kSlot); }
  static void raise(std::atomic<std::int64_t>& worst, std::int64_t value) {
    if (value > worst.load(std::memory_order_relaxed)) worst.store(value, std::memory_order_relaxed);
  }

  const TimePoint start_;
  std::atomic<std::uint64_t> turns_{0};
  std::atomic<std::int64_t> worst_{0};
  std::array<Slot, kSlots> slots_;
};

}  // namespace penstock::control
