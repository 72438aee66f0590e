// What packets cost the program that takes them, in slices so short that a processor's speed hardly changes within one; and how
// fast the processor was between them. Of a shared machine's processor a neighbour has the other hardware thread, and takes up
// to half of what their core can do, for microseconds or for hours: who compares figures takes those slices in which nobody did
// (lab/pace.py).
#pragma once

#include <rte_cycles.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <ostream>

namespace penstock::bench {

// Of one receive queue: count() by the thread that polls it, write_new() by one other.
class Pace {
 public:
  static constexpr unsigned kPackets = 8192;   // of a slice: a tenth to a third of a millisecond
  static constexpr unsigned kKept = 1U << 13;  // a second's

  void count(unsigned packets) {
    packets_ += packets;
    if (packets_ >= kPackets) close();
  }

  // Each slice since the last call as a line of numbers: the queue's, the slice's packets, its nanoseconds, and those that the
  // probe behind it took. A slice that is not asked for in time is lost: the last kKept are there.
  void write_new(std::ostream& out, unsigned queue) {
    const double nanoseconds = of_a_cycle();
    const std::uint64_t closed = closed_.load(std::memory_order_acquire);
    if (closed - written_ > kKept) written_ = closed - kKept;
    for (; written_ != closed; ++written_) {
      const Slice& slice = slices_[written_ % kRoom];
      out << queue << ' ' << slice.packets << ' ' << static_cast<double>(slice.cycles) * nanoseconds << ' '
          << static_cast<double>(slice.probe) * nanoseconds << '\n';
    }
  }

 private:
  static constexpr unsigned kSteps = 2000;      // under a microsecond
  static constexpr unsigned kRoom = 2 * kKept;  // the other half is being filled meanwhile

  struct Slice {
    std::uint64_t packets;
    std::uint64_t cycles;  // of the TSC, as the probe's
    std::uint64_t probe;
  };

  // Four additions a cycle, as many as a core can: whatever the caches hold it takes a cycle a step, and two where a neighbour
  // keeps the other half of the core busy.
  static std::uint64_t probe() {
    const std::uint64_t begin = rte_rdtsc_precise();
    std::uint64_t a = 0, b = 0, c = 0, d = 0;
    for (unsigned i = 0; i < kSteps / 100; ++i)
      asm volatile(".rept 100; add $1, %0; add $1, %1; add $1, %2; add $1, %3; .endr" : "+r"(a), "+r"(b), "+r"(c), "+r"(d));
    return rte_rdtsc_precise() - begin;
  }

  // By both clocks since the begin, so that nobody has to have calibrated the TSC.
  [[nodiscard]] double of_a_cycle() const {
    const std::chrono::duration<double, std::nano> passed = std::chrono::steady_clock::now() - born_;
    return passed.count() / static_cast<double>(rte_rdtsc() - born_cycles_);
  }

  [[gnu::noinline]] void close() {
    const std::uint64_t now = rte_rdtsc();
    const std::uint64_t closed = closed_.load(std::memory_order_relaxed);
    slices_[closed % kRoom] = {packets_, now - began_, probe()};
    closed_.store(closed + 1, std::memory_order_release);
    packets_ = 0;
    began_ = rte_rdtsc();
  }

  std::chrono::steady_clock::time_point born_ = std::chrono::steady_clock::now();
  std::uint64_t born_cycles_ = rte_rdtsc();
  std::uint64_t packets_ = 0;
  std::uint64_t began_ = rte_rdtsc();
  std::atomic<std::uint64_t> closed_{0};
  std::uint64_t written_ = 0;
  std::array<Slice, kRoom> slices_{};
};

}  // namespace penstock::bench
