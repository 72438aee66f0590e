// Publishes snapshots at the pace of what they cost.
//
// The first change after a quiet time goes out in the same turn of the loop. While changes pour in (ten thousand servers that
// flap), they gather: a publication that took T is followed by the next one no sooner than 4 T later, so publishing takes at
// most a fifth of the control thread. Control-owned.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "control/loop/event_loop.h"

namespace penstock::control {

class Publisher {
 public:
  Publisher(EventLoop& loop, std::function<void()> publish)
      : publish_{std::move(publish)}, timer_{loop.add_timer([this] { publish_now(); })} {}

  // Soon: once for all requests of this turn.
  void request() {
    if (timer_.is_active()) return;
    const EventLoop::Clock::time_point now = EventLoop::now();
    timer_.start_once(now < earliest_ ? earliest_ - now : EventLoop::Clock::duration{});
  }

  // Now, whatever was published before.
  void publish_now() {
    timer_.stop();
    const EventLoop::Clock::time_point began = EventLoop::now();
    publish_();
    ++count_;
    const EventLoop::Clock::time_point ended = EventLoop::now();
    earliest_ = ended + 4 * (ended - began);
  }

  // Publications so far.
  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  std::function<void()> publish_;
  std::uint64_t count_ = 0;
  EventLoop::Clock::time_point earliest_{};
  Timer timer_;
};

}  // namespace penstock::control
