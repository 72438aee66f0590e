#include "control/loop/event_loop.h"

#include <sys/eventfd.h>
#include <unistd.h>
#include <uv.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace penstock::control {
namespace event_loop_detail {

struct FdNode {
  uv_poll_t uv{};
  FdEvents interest;
  EventLoop::FdCallback callback;
};
struct TimerNode {
  uv_timer_t uv{};
  EventLoop::Callback callback;
};
struct SignalNode {
  uv_signal_t uv{};
  EventLoop::Callback callback;
};
// Not libuv's uv_async_t: before it calls back, that waits for senders, and gives its processor up meanwhile only to threads of
// its own priority. Where it is a realtime thread's, a sender that it has preempted never gets on: both stand still until the
// kernel throttles realtime threads, 0.95 s later.
struct WakeupNode {
  explicit WakeupNode(int descriptor) : fd{descriptor} {}
  ~WakeupNode() { close(fd); }
  WakeupNode(const WakeupNode&) = delete;
  WakeupNode& operator=(const WakeupNode&) = delete;

  int fd;  // an eventfd
  uv_poll_t uv{};
  EventLoop::Callback callback;
};

namespace {

template <typename Handle>
uv_handle_t* base(Handle* handle) {
  return reinterpret_cast<uv_handle_t*>(handle);  // libuv's own way: every handle begins with a uv_handle_t
}

// Deleting waits for libuv, so a callback that destroys its own handle goes on running in live memory.
template <typename Node>
void close_node(Node* node) {
  uv_close(base(&node->uv), [](uv_handle_t* handle) { delete static_cast<Node*>(handle->data); });
}

}  // namespace

void Closer::operator()(FdNode* node) const { close_node(node); }
void Closer::operator()(TimerNode* node) const { close_node(node); }
void Closer::operator()(SignalNode* node) const { close_node(node); }
void Closer::operator()(WakeupNode* node) const { close_node(node); }

// What a loop's callbacks share: libuv's loop points to it.
struct LoopData {
  bool is_running_once = false;
  bool is_in_timer = false;
  // From the first callback after a wait to the next wait. libuv tells when it is about to wait, but calls back from within its
  // wait for descriptors: so the first callback notes the time.
  std::optional<EventLoop::Clock::time_point> turn_began;
  TurnRecorder turns{EventLoop::now()};

  void end_turn() {
    if (!turn_began) return;
    turns.add(*turn_began, EventLoop::now());
    turn_began.reset();
  }
};

}  // namespace event_loop_detail

namespace {

using event_loop_detail::LoopData;

LoopData& data_of(const uv_loop_t* loop) { return *static_cast<LoopData*>(loop->data); }

void begin_turn(const uv_loop_t* loop) {
  LoopData& data = data_of(loop);
  if (!data.turn_began) data.turn_began = EventLoop::now();
}

using event_loop_detail::base;
using event_loop_detail::FdNode;
using event_loop_detail::Owned;
using event_loop_detail::SignalNode;
using event_loop_detail::TimerNode;
using event_loop_detail::WakeupNode;

void require(int status, const char* what) {
  if (status < 0) throw std::runtime_error(std::string{"event loop: "} + what + ": " + uv_strerror(status));
}

// A node whose libuv handle is initialised by `init`; plain ownership until that worked, because only then may uv_close see it.
// The error is libuv's.
template <typename Node, typename Init, typename... Arguments>
std::expected<Owned<Node>, int> try_make_node(Init init, Arguments... arguments) {
  auto fresh = std::make_unique<Node>(arguments...);
  if (const int status = init(&fresh->uv); status < 0) return std::unexpected{status};
  fresh->uv.data = fresh.get();
  return Owned<Node>{fresh.release()};
}

template <typename Node, typename Init, typename... Arguments>
Owned<Node> make_node(const char* what, Init init, Arguments... arguments) {
  auto node = try_make_node<Node>(std::move(init), arguments...);
  if (!node) require(node.error(), what);
  return std::move(*node);
}

void on_poll(uv_poll_t* handle, int status, int events);

int start_polling(FdNode& node) {
  int mask = 0;
  if (node.interest.readable) mask |= UV_READABLE;
  if (node.interest.writable) mask |= UV_WRITABLE;
  return mask == 0 ? uv_poll_stop(&node.uv) : uv_poll_start(&node.uv, mask, on_poll);
}

void on_poll(uv_poll_t* handle, int status, int events) {
  begin_turn(handle->loop);
  auto& node = *static_cast<FdNode*>(handle->data);
  if (status < 0) {
    // The descriptor has an error condition, and libuv has stopped watching it. The owner learns the error by reading.
    node.callback({.readable = node.interest.readable, .writable = node.interest.writable, .error = true});
    if (uv_is_closing(base(handle)) == 0) require(start_polling(node), "watch again");
    return;
  }
  node.callback({.readable = (events & UV_READABLE) != 0, .writable = (events & UV_WRITABLE) != 0});
}

std::uint64_t whole_milliseconds(std::chrono::nanoseconds duration) {
  const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(std::max(duration, std::chrono::nanoseconds{0}));
  return static_cast<std::uint64_t>(rounded.count());
}

void start_timer(TimerNode& node, std::uint64_t delay, std::uint64_t repeat) {
  // libuv counts from its cached time, which is old when the current callback took long. Making it new would be wrong: while
  // libuv calls back the timers that are due by that time, more would become due, and under a load of timers nothing else would
  // ever get its turn. For the same reason a timer that a timer starts comes a millisecond later at the earliest.
  const auto since_boot = std::chrono::duration_cast<std::chrono::milliseconds>(EventLoop::now().time_since_epoch());
  const std::uint64_t cached = uv_now(node.uv.loop);
  const auto now = std::max(static_cast<std::uint64_t>(since_boot.count()), cached);
  const std::uint64_t earliest = data_of(node.uv.loop).is_in_timer ? 1 : 0;
  delay = std::max(delay + (now - cached), earliest);
  const auto fire = [](uv_timer_t* handle) {
    begin_turn(handle->loop);
    // libuv's UV_RUN_ONCE may wait for a descriptor after a timer has fired; a pending stop makes it come back instead.
    if (data_of(handle->loop).is_running_once) uv_stop(handle->loop);
    LoopData& data = data_of(handle->loop);
    data.is_in_timer = true;
    static_cast<TimerNode*>(handle->data)->callback();
    data.is_in_timer = false;
  };
  require(uv_timer_start(&node.uv, fire, delay, repeat), "start timer");
}

}  // namespace

struct EventLoop::Uv {
  uv_loop_t loop{};
  uv_prepare_t before_wait{};
  event_loop_detail::LoopData data;
};

EventLoop::EventLoop() : uv_{std::make_unique<Uv>()} {
  require(uv_loop_init(&uv_->loop), "create");
  uv_->loop.data = &uv_->data;
  require(uv_prepare_init(&uv_->loop, &uv_->before_wait), "create");
  require(uv_prepare_start(&uv_->before_wait,
                           [](uv_prepare_t* handle) {
                             data_of(handle->loop).end_turn();
                             uv_update_time(handle->loop);  // how long to wait is counted from the cached time, too
                           }),
          "create");
  uv_unref(base(&uv_->before_wait));  // nothing that run() would stay for
}

EventLoop::~EventLoop() {
  uv_close(base(&uv_->before_wait), nullptr);
  // Handles that were closed since the last turn still need their farewell; open ones would never end, so no waiting for them.
  // Two turns: a stop() that no run() has seen yet makes the first one do nothing.
  for (int turn = 0; turn < 2; ++turn) uv_run(&uv_->loop, UV_RUN_NOWAIT);
  if (uv_loop_close(&uv_->loop) == 0) return;
  std::fputs("event loop: destroyed before its handles\n", stderr);
  std::abort();
}

std::expected<FdWatch, std::error_code> EventLoop::try_add_fd(int fd, FdEvents interest, FdCallback callback) {
  const auto failed = [](int status) { return std::unexpected{std::error_code{-status, std::generic_category()}}; };
  auto node = try_make_node<FdNode>([&](uv_poll_t* uv) { return uv_poll_init(&uv_->loop, uv, fd); });
  if (!node) return failed(node.error());
  (*node)->interest = interest;
  (*node)->callback = std::move(callback);
  if (const int status = start_polling(**node); status < 0) return failed(status);
  return FdWatch{std::move(*node)};
}

FdWatch EventLoop::add_fd(int fd, FdEvents interest, FdCallback callback) {
  auto watch = try_add_fd(fd, interest, std::move(callback));
  if (!watch) throw std::runtime_error("event loop: watch descriptor: " + watch.error().message());
  return std::move(*watch);
}

void FdWatch::set_events(FdEvents interest) {
  node_->interest = interest;
  require(start_polling(*node_), "change watch");
}

Timer EventLoop::add_timer(Callback callback) {
  auto node = make_node<TimerNode>("add timer", [&](uv_timer_t* uv) { return uv_timer_init(&uv_->loop, uv); });
  node->callback = std::move(callback);
  return Timer{std::move(node)};
}

void Timer::start_once(std::chrono::nanoseconds delay) { start_timer(*node_, whole_milliseconds(delay), 0); }

void Timer::start_every(std::chrono::nanoseconds interval) {
  const std::uint64_t period = std::max<std::uint64_t>(whole_milliseconds(interval), 1);
  start_timer(*node_, period, period);
}

void Timer::stop() { uv_timer_stop(&node_->uv); }

bool Timer::is_active() const { return node_ && uv_is_active(base(&node_->uv)) != 0; }

SignalWatch EventLoop::add_signal(int signum, Callback callback) {
  auto node = make_node<SignalNode>("watch signal", [&](uv_signal_t* uv) { return uv_signal_init(&uv_->loop, uv); });
  node->callback = std::move(callback);
  const auto fire = [](uv_signal_t* handle, int) {
    begin_turn(handle->loop);
    static_cast<SignalNode*>(handle->data)->callback();
  };
  require(uv_signal_start(&node->uv, fire, signum), "watch signal");
  return SignalWatch{std::move(node)};
}

Wakeup EventLoop::add_wakeup(Callback callback) {
  const int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (fd < 0) require(-errno, "add wake-up");
  auto node = make_node<WakeupNode>("add wake-up", [&](uv_poll_t* uv) { return uv_poll_init(&uv_->loop, uv, fd); }, fd);
  node->callback = std::move(callback);
  const auto wake = [](uv_poll_t* handle, int, int) {
    begin_turn(handle->loop);
    auto& woken = *static_cast<WakeupNode*>(handle->data);
    std::uint64_t sends = 0;
    if (read(woken.fd, &sends, sizeof(sends)) == static_cast<ssize_t>(sizeof(sends))) woken.callback();
  };
  require(uv_poll_start(&node->uv, UV_READABLE, wake), "add wake-up");
  return Wakeup{std::move(node)};
}

void Wakeup::send() const {
  const std::uint64_t one = 1;
  if (write(node_->fd, &one, sizeof(one)) < 0) return;  // full: the loop is to wake already
}

void EventLoop::run() {
  uv_run(&uv_->loop, UV_RUN_DEFAULT);
  uv_->data.end_turn();
}

void EventLoop::run_once() {
  uv_->data.is_running_once = true;
  uv_run(&uv_->loop, UV_RUN_ONCE);
  uv_->data.is_running_once = false;
  uv_->data.end_turn();
}
void EventLoop::stop() { uv_stop(&uv_->loop); }
TurnStatistics EventLoop::turns() const { return uv_->data.turns.read(now()); }

}  // namespace penstock::control
