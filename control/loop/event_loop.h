// The control threads' event loop: file descriptors, timers, signals and wake-ups, each owned by a handle that ends with its
// scope.
//
// A thin layer over libuv, and the only file pair that knows it. What it adds: ownership by C++ scope, callbacks that may
// destroy their own handle, and descriptors whose error condition is reported without ending the watch (libuv would stop
// watching a netlink socket at its first overrun).
//
// Threads: a loop and its handles belong to the one thread that runs it; only Wakeup::send(), EventLoop::turns() and
// EventLoop's construction may happen elsewhere. Every handle must end before its loop does: the loop's destructor stops the
// program otherwise.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <system_error>

#include "control/loop/turn_statistics.h"

namespace penstock::control {

namespace event_loop_detail {
struct FdNode;
struct TimerNode;
struct SignalNode;
struct WakeupNode;
// Closes the libuv handle; the memory goes when libuv has let go of it, one turn of the loop later.
struct Closer {
  void operator()(FdNode* node) const;
  void operator()(TimerNode* node) const;
  void operator()(SignalNode* node) const;
  void operator()(WakeupNode* node) const;
};
template <typename Node>
using Owned = std::unique_ptr<Node, Closer>;
}  // namespace event_loop_detail

// What to watch a descriptor for, and what was seen on it. `error` is reported whether it was asked for or not.
struct FdEvents {
  bool readable = false;
  bool writable = false;
  bool error = false;

  friend constexpr bool operator==(FdEvents, FdEvents) = default;
};

// Watches one descriptor, level-triggered, until it is destroyed or reset. Owns the watch, not the descriptor: end the watch
// first, then close the descriptor. A descriptor has at most one watch. An error that the callback leaves in place is reported
// again at once.
class [[nodiscard]] FdWatch {
 public:
  FdWatch() = default;
  // Changes what is watched for; with neither readable nor writable the watch pauses (errors too).
  void set_events(FdEvents interest);
  void reset() { node_.reset(); }
  explicit operator bool() const { return node_ != nullptr; }

 private:
  friend class EventLoop;
  explicit FdWatch(event_loop_detail::Owned<event_loop_detail::FdNode> node) : node_{std::move(node)} {}
  event_loop_detail::Owned<event_loop_detail::FdNode> node_;
};

// A monotonic timer, idle until it is started. Starting again replaces what was planned. Delays are rounded up to milliseconds;
// a timer may be late by what other callbacks take, and early by less than a millisecond (libuv's clock has that step).
class [[nodiscard]] Timer {
 public:
  using Milliseconds = std::chrono::milliseconds;

  Timer() = default;
  // Calls back once, `delay` from now. Zero: in the loop's next turn, after other events had their chance.
  void start_once(std::chrono::nanoseconds delay);
  // Calls back every `interval`, the first time one interval from now. Turns missed by a stall are not made up for. At least 1
  // ms.
  void start_every(std::chrono::nanoseconds interval);
  void stop();
  [[nodiscard]] bool is_active() const;
  void reset() { node_.reset(); }
  explicit operator bool() const { return node_ != nullptr; }

 private:
  friend class EventLoop;
  explicit Timer(event_loop_detail::Owned<event_loop_detail::TimerNode> node) : node_{std::move(node)} {}
  event_loop_detail::Owned<event_loop_detail::TimerNode> node_;
};

// Calls back in the loop's thread, outside signal context, for each delivery of one signal (several may be merged into one).
class [[nodiscard]] SignalWatch {
 public:
  SignalWatch() = default;
  void reset() { node_.reset(); }

 private:
  friend class EventLoop;
  explicit SignalWatch(event_loop_detail::Owned<event_loop_detail::SignalNode> node) : node_{std::move(node)} {}
  event_loop_detail::Owned<event_loop_detail::SignalNode> node_;
};

// Lets another thread make this loop call back. send() may come from any thread and from a signal handler; several sends before
// the loop comes round are one callback, so put the message into a queue first. No send() may race with the handle's end.
class [[nodiscard]] Wakeup {
 public:
  Wakeup() = default;
  void send() const;
  void reset() { node_.reset(); }

 private:
  friend class EventLoop;
  explicit Wakeup(event_loop_detail::Owned<event_loop_detail::WakeupNode> node) : node_{std::move(node)} {}
  event_loop_detail::Owned<event_loop_detail::WakeupNode> node_;
};

class EventLoop {
 public:
  using Clock = std::chrono::steady_clock;
  using Callback = std::move_only_function<void()>;
  using FdCallback = std::move_only_function<void(FdEvents seen)>;

  // Throws std::runtime_error when the kernel has no descriptors left for it, as do the add_ functions.
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // `fd` must be pollable (not a regular file) and becomes non-blocking.
  FdWatch add_fd(int fd, FdEvents interest, FdCallback callback);
  // The same for a program that is to go on without it: the error is the kernel's (ENOMEM; ENOSPC: fs.epoll.max_user_watches).
  [[nodiscard]] std::expected<FdWatch, std::error_code> try_add_fd(int fd, FdEvents interest, FdCallback callback);
  Timer add_timer(Callback callback);
  SignalWatch add_signal(int signum, Callback callback);
  // The wake-up counts as something to wait for: run() doesn't return while one exists, unless it is stopped.
  Wakeup add_wakeup(Callback callback);

  // Serves events until stop(), or until nothing is left that could ever call back.
  void run();
  // Waits for the next event and serves what is ready, once; for callers with their own end condition. A stop() makes it return
  // too.
  void run_once();
  // Ends run() after the current turn. Only from the loop's own thread: others use a Wakeup.
  void stop();
  // How long its turns took. Any thread may ask.
  [[nodiscard]] TurnStatistics turns() const;
  // The monotonic clock, read now (not the loop's cached time).
  [[nodiscard]] static Clock::time_point now() { return Clock::now(); }

 private:
  struct Uv;
  std::unique_ptr<Uv> uv_;
};

}  // namespace penstock::control
