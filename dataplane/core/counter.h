// Counters with one writer and any number of readers: a relaxed load and store, which compile to plain moves, never a locked
// instruction.
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>

namespace penstock::core {

template <std::unsigned_integral T>
class SingleWriterCounter {
 public:
  // Only the owning thread may call these.
  void add(T n = 1) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  void subtract(T n = 1) { value_.store(value_.load(std::memory_order_relaxed) - n, std::memory_order_relaxed); }
  void set(T n) { value_.store(n, std::memory_order_relaxed); }

  // Any thread.
  [[nodiscard]] T get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<T> value_{0};
  static_assert(std::atomic<T>::is_always_lock_free);
};

using Counter64 = SingleWriterCounter<std::uint64_t>;
using Counter32 = SingleWriterCounter<std::uint32_t>;

}  // namespace penstock::core
