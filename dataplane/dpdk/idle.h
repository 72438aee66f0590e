// What a worker does when there is nothing to do: poll on, pause, or sleep.
#pragma once

#include <cstdint>

namespace penstock::dpdk {

enum class IdleMode : std::uint8_t {
  kPoll,   // a NIC: a packet must never wait
  kSleep,  // virtual devices: the CPU belongs to others as well
};

// Worker-owned. After so long without work a worker first slows its polling, then sleeps; any work starts it anew.
class IdlePolicy {
 public:
  enum class Step : std::uint8_t { kPoll, kPause, kSleep };

  static constexpr std::uint64_t kPollMicroseconds = 20;
  static constexpr std::uint64_t kPauseMicroseconds = 100;  // counted from the last work
  static constexpr long kSleepNanoseconds = 100'000;        // adds at most this to a packet's latency

  // `frequency`: of the time stamp counter, counts a second.
  IdlePolicy(IdleMode mode, std::uint64_t frequency)
      : poll_{mode == IdleMode::kPoll ? UINT64_MAX : frequency / 1'000'000 * kPollMicroseconds},
        pause_{mode == IdleMode::kPoll ? UINT64_MAX : frequency / 1'000'000 * kPauseMicroseconds} {}

  // After each loop: whether it did any work, and the counter at its beginning.
  [[nodiscard]] Step after_loop(bool worked, std::uint64_t tsc) {
    if (worked || last_work_ == 0) {
      last_work_ = tsc;
      return Step::kPoll;
    }
    const std::uint64_t idle = tsc - last_work_;
    if (idle < poll_) return Step::kPoll;
    return idle < pause_ ? Step::kPause : Step::kSleep;
  }

 private:
  std::uint64_t poll_;
  std::uint64_t pause_;
  std::uint64_t last_work_ = 0;
};

}  // namespace penstock::dpdk
