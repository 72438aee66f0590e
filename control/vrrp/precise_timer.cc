#include "control/vrrp/precise_timer.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace penstock::control {
namespace {

int open_timer() {
  const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (fd < 0) throw std::runtime_error("no timer: " + std::generic_category().message(errno));
  return fd;
}

}  // namespace

PreciseTimer::PreciseTimer(EventLoop& loop, EventLoop::Callback callback)
    : fd_{open_timer()}, callback_{std::move(callback)}, watch_{loop.add_fd(fd_, {.readable = true}, [this](FdEvents) {
        std::uint64_t times = 0;
        if (read(fd_, &times, sizeof(times)) == static_cast<ssize_t>(sizeof(times))) callback_();
      })} {}

PreciseTimer::~PreciseTimer() {
  watch_.reset();
  close(fd_);
}

void PreciseTimer::set(std::optional<EventLoop::Clock::time_point> when) {
  itimerspec plan{};  // zero: disarmed
  if (when) {
    // libstdc++'s steady clock is CLOCK_MONOTONIC. A time of zero would disarm.
    const auto since_boot = std::max(when->time_since_epoch(), EventLoop::Clock::duration{1});
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_boot);
    plan.it_value.tv_sec = seconds.count();
    plan.it_value.tv_nsec = std::chrono::nanoseconds{since_boot - seconds}.count();
  }
  timerfd_settime(fd_, TFD_TIMER_ABSTIME, &plan, nullptr);
}

}  // namespace penstock::control
