// Publishes snapshots at the pace of what they cost.
//
// The first change after a quiet time goes out in the same turn of the loop. While changes pour in (ten thousand servers that
// flap), they gather: a publication that took T of processor time is followed by the next one no sooner than 4 T later, so
// publishing takes at most a fifth of the control thread. (Time on the clock would count what other programs took, and hold a
// verdict back for it.) Control-owned.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <functional>
#include <optional>
#include <utility>

#include "control/health/verdict_latency.h"
#include "control/loop/event_loop.h"

namespace penstock::control {

class Publisher {
 public:
  // What there is to publish.
  enum class What : std::uint8_t {
    kRows,  // only verdicts have changed anything
    kAll,
  };
  Publisher(EventLoop& loop, std::function<void(What)> publish)
      : publish_{std::move(publish)}, timer_{loop.add_timer([this] { publish_what_is_new(); })} {}

  // Soon: once for all requests of this turn.
  void request() {
    what_ = What::kAll;
    plan();
  }

  // The same for what a verdict changed that was reached at that time.
  void request_for_verdict(EventLoop::Clock::time_point reached) {
    oldest_verdict_ = oldest_verdict_ ? std::min(*oldest_verdict_, reached) : reached;
    plan();
  }

  // Now, whatever was published before.
  void publish_now() {
    what_ = What::kAll;
    publish_what_is_new();
  }

  // Publications so far.
  [[nodiscard]] std::uint64_t count() const { return count_; }
  // Whether something is to be published: workers don't go by it yet.
  [[nodiscard]] bool is_due() const { return timer_.is_active(); }
  [[nodiscard]] const VerdictLatency& verdict_latency() const { return verdict_latency_; }

 private:
  void plan() {
    if (timer_.is_active()) return;
    const EventLoop::Clock::time_point now = EventLoop::now();
    timer_.start_once(now < earliest_ ? earliest_ - now : EventLoop::Clock::duration{});
  }

  void publish_what_is_new() {
    timer_.stop();
    const auto began = processor_time();
    publish_(std::exchange(what_, What::kRows));
    ++count_;
    const EventLoop::Clock::time_point now = EventLoop::now();
    if (oldest_verdict_) verdict_latency_.add(now - *oldest_verdict_);
    oldest_verdict_.reset();
    earliest_ = now + 4 * (processor_time() - began);
  }

  // That this thread has used.
  [[nodiscard]] static std::chrono::nanoseconds processor_time() {
    timespec used{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return std::chrono::seconds{used.tv_sec} + std::chrono::nanoseconds{used.tv_nsec};
  }

  std::function<void(What)> publish_;
  What what_ = What::kRows;
  std::uint64_t count_ = 0;
  EventLoop::Clock::time_point earliest_{};
  std::optional<EventLoop::Clock::time_point> oldest_verdict_;
  VerdictLatency verdict_latency_;
  Timer timer_;
};

}  // namespace penstock::control
