// How workers wake another thread: an eventfd that is written only when that thread has said that it is about to sleep.
//
// The thread arms the bell, looks at its rings once more, and waits on the descriptor. A worker that has put packets into a
// ring rings the bell once a loop; unless it is armed that is one load. Both sides put a fence between their store and their
// load, so one of them sees the other.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace penstock::dpdk {

class Bell {
 public:
  Bell() : fd_{eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)} {
    if (fd_ < 0) std::abort();  // out of descriptors at start
  }
  ~Bell() { close(fd_); }
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;

  // Readable when the bell has rung.
  [[nodiscard]] int fd() const { return fd_; }

  // Worker, after it has put something into a ring; at most once a loop.
  void ring() {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (armed_.load(std::memory_order_relaxed) && armed_.exchange(false, std::memory_order_relaxed)) strike();
  }
  // The thread: makes the descriptor readable whatever the state.
  void strike() {
    const std::uint64_t one = 1;
    if (write(fd_, &one, sizeof(one)) < 0) return;  // full: it is readable already
  }
  // The thread, when it begins to drain.
  void silence() {
    armed_.store(false, std::memory_order_relaxed);
    std::uint64_t count = 0;
    if (read(fd_, &count, sizeof(count)) < 0) return;  // had not rung
  }
  // The thread, when it has drained; it must look at the rings once more afterwards.
  void arm() {
    armed_.store(true, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }

 private:
  int fd_;
  alignas(64) std::atomic<bool> armed_{false};
};

}  // namespace penstock::dpdk
