// A timer of the monotonic clock to the nanosecond, for protocols that the event loop's milliseconds are too coarse for.
//
// A timerfd watched by the loop. Belongs to the loop's thread; ends before the loop.
#pragma once

#include <chrono>
#include <optional>

#include "control/loop/event_loop.h"

namespace penstock::control {

class PreciseTimer {
 public:
  // Throws std::runtime_error when there is no descriptor left.
  PreciseTimer(EventLoop& loop, EventLoop::Callback callback);
  ~PreciseTimer();
  PreciseTimer(const PreciseTimer&) = delete;
  PreciseTimer& operator=(const PreciseTimer&) = delete;

  // Calls back at that time, or at once when it has passed; nothing: not any more. Replaces what was planned.
  void set(std::optional<EventLoop::Clock::time_point> when);

 private:
  int fd_;
  EventLoop::Callback callback_;
  FdWatch watch_;
};

}  // namespace penstock::control
