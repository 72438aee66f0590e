// What packets cost the program that takes them, in slices so short that a processor's speed hardly changes within one; and how
// fast the processor was between them. Where a machine is shared, a core runs at half its speed for milliseconds or minutes:
// who compares figures takes those slices in which it ran at its full one (lab/pace.py).
#pragma once

#include <rte_cycles.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <ostream>

namespace penstock::bench {

// Of one receive queue: count() by the thread that polls it, write_new() by one other.
class Pace {
 public:
  void count(unsigned packets) {
    packets_ += packets;
    if (packets_ >= kPackets) close();
  }

  // Each slice since the last call as a line of numbers: the queue's, the slice's packets, its nanoseconds, and those that the
  // probe behind it took. A slice that is not asked for in time is lost: there is room for a second's.
  void write_new(std::ostream& out, unsigned queue) {
    const double nanoseconds = 1e9 / static_cast<double>(rte_get_tsc_hz());
    const std::uint64_t closed = closed_.load(std::memory_order_acquire);
    if (closed - written_ > kKept / 2) written_ = closed - kKept / 2;
    for (; written_ != closed; ++written_) {
      const Slice& slice = slices_[written_ % kKept];
      out << queue << ' ' << slice.packets << ' ' << static_cast<double>(slice.cycles) * nanoseconds << ' '
          << static_cast<double>(slice.probe) * nanoseconds << '\n';
    }
  }

 private:
  static constexpr unsigned kPackets = 8192;  // a tenth to a third of a millisecond
  static constexpr unsigned kSteps = 2000;    // under a microsecond
  static constexpr unsigned kKept = 1U << 14;

  struct Slice {
    std::uint64_t packets;
    std::uint64_t cycles;  // of the TSC, as the probe's
    std::uint64_t probe;
  };

  // One addition a step, each of the one before: a cycle of the core each, whatever the caches hold.
  static std::uint64_t probe() {
    const std::uint64_t begin = rte_rdtsc_precise();
    std::uint64_t sum = 0;
    for (unsigned i = 0; i < kSteps; ++i) asm volatile("add $1, %0" : "+r"(sum));
    return rte_rdtsc_precise() - begin;
  }

  [[gnu::noinline]] void close() {
    const std::uint64_t now = rte_rdtsc();
    const std::uint64_t closed = closed_.load(std::memory_order_relaxed);
    slices_[closed % kKept] = {packets_, now - began_, probe()};
    closed_.store(closed + 1, std::memory_order_release);
    packets_ = 0;
    began_ = rte_rdtsc();
  }

  std::uint64_t packets_ = 0;
  std::uint64_t began_ = rte_rdtsc();
  std::atomic<std::uint64_t> closed_{0};
  std::uint64_t written_ = 0;
  std::array<Slice, kKept> slices_{};
};

}  // namespace penstock::bench
