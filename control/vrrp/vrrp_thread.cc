#include "control/vrrp/vrrp_thread.h"

#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <thread>
#include <utility>

#include "control/log.h"
#include "control/vrrp/outbox.h"
#include "control/vrrp/peer_delivery.h"
#include "control/vrrp/precise_timer.h"

namespace penstock::control {
namespace {

// How soon frames that a ring had no room for are tried again: a worker empties it each loop.
constexpr std::chrono::microseconds kFlushAgain{200};
// A processor that has slept for a while wakes late, 0.1 to 0.2 ms on a virtual machine, and with cold caches. So the thread is
// awake for so long before a takeover; what it burns, it burns only when a master has been silent for the whole time.
constexpr std::chrono::microseconds kVigil{300};
// Where a takeover is later than this, perhaps not this thread alone stood still but the whole process (SIGSTOP, a paused
// virtual machine): what was sent to us meanwhile is still with the device. So the workers get so much time to bring it first.
constexpr std::chrono::milliseconds kLate{50};
constexpr std::chrono::milliseconds kCatchUp{50};
// How long a stop waits for the workers to take the last frames.
constexpr std::chrono::milliseconds kFarewell{100};

// Ahead of whatever else runs on its processor: the thread has little to do, and that at its time. Without the right to it, it
// is an ordinary thread.
void take_precedence() {
  prctl(PR_SET_TIMERSLACK, 1UL);
  sched_param parameter{};
  parameter.sched_priority = sched_get_priority_min(SCHED_RR);
  if (const int failed = pthread_setschedparam(pthread_self(), SCHED_RR | SCHED_RESET_ON_FORK, &parameter); failed != 0) {
    log::notice("VRRP's thread has no realtime priority ({}): on a busy processor its timers may be late",
                std::strerror(failed));
  }
}

}  // namespace

// What runs in the thread; made before it begins and ended after it.
class VrrpThread::Worker {
 public:
  Worker(EventLoop& loop, Surroundings& surroundings, Mailbox<vrrp::SetOwner>& owners)
      : loop_{loop},
        surroundings_{surroundings},
        owners_told_{owners},
        outbox_{[this](core::PortIndex port, std::span<const std::span<const std::byte>> frames) {
                  return surroundings_.exchange.inject_burst(port, frames, dpdk::Urgency::kUrgent);
                },
                surroundings.ports.size()},
        timer_{loop, [this] { turn(); }},
        frames_{
            loop.add_fd(surroundings.exchange.event_fd(dpdk::Taker::kVrrp), {.readable = true}, [this](FdEvents) { turn(); })} {
    turn();  // arms the bell
  }

  void take(VrrpConfiguration order) {
    for (const auto& [instance, owner] : order.owners) owners_[instance] = owner;
    carry_out(router_.apply(order.spec, EventLoop::now()));
    owners_ = std::move(order.owners);
  }
  void take(const InterfaceChange& order) { carry_out(router_.on_interface(order.name, order.state, EventLoop::now())); }
  void take(const AddressLoss& order) { carry_out(router_.on_address_lost(order.interface, order.address, EventLoop::now())); }
  void take(const TrackerResult& order) {
    std::visit([this](const auto& result) { take_result(result); }, order);
  }
  void take(PeerMacs order) { peers_.set(std::move(order)); }
  void take(AnnounceAgain) { carry_out(router_.announce_again(EventLoop::now())); }
  void take(ClearCounters) { router_.clear_counters(); }
  void take(Ask order) {
    order.answer.set_value({.instances = router_.status(),
                            .sync_groups = router_.sync_groups(),
                            .strangers = router_.strangers(),
                            .frames_lost = outbox_.lost(),
                            .frames_without_way = peers_.without_way(),
                            .worst_delay = worst_delay_});
  }
  void take(Stop) {
    resign();
    loop_.stop();
  }

  void resign() {
    carry_out(router_.stop(EventLoop::now()));
    const auto until = EventLoop::now() + kFarewell;
    // Asleep: a worker that has this processor, too, gets it in no other way.
    while (!outbox_.flush() && EventLoop::now() < until) std::this_thread::sleep_for(kFlushAgain);
  }

  // Everything that has arrived, then everything that is due.
  void turn() {
    take_frames();
    if (keep_vigil()) take_frames();
    const auto now = EventLoop::now();
    const bool may_decide = has_caught_up(now);
    if (const auto next = router_.next(); may_decide && next && *next <= now) {
      worst_delay_ = std::max<std::chrono::nanoseconds>(worst_delay_, now - *next);
      carry_out(router_.on_time(now));
    }
    outbox_.flush();
    plan();
  }

  void plan() {
    auto next = router_.next();
    if (const auto takeover = router_.next_takeover()) next = std::min(*next, *takeover - kVigil);
    if (catch_up_until_) next = std::max(next.value_or(*catch_up_until_), *catch_up_until_);
    if (!outbox_.is_empty()) next = std::min(next.value_or(vrrp::TimePoint::max()), EventLoop::now() + kFlushAgain);
    timer_.set(next);
  }

 private:
  // Whether the workers have had their time, where a takeover is late. An advert of ours doesn't wait for them.
  bool has_caught_up(vrrp::TimePoint now) {
    const auto takeover = router_.next_takeover();
    if (!takeover || *takeover > now - kLate) {
      catch_up_until_.reset();
      return true;
    }
    if (!catch_up_until_) catch_up_until_ = now + kCatchUp;
    if (now < *catch_up_until_) return false;
    catch_up_until_.reset();
    return true;
  }
  void take_frames() {
    surroundings_.exchange.drain_all(dpdk::Taker::kVrrp, [this](const dpdk::PuntedFrame& frame) {
      carry_out(router_.on_frame(surroundings_.ports[frame.port], frame.bytes, frame.arrival));
    });
  }
  // Waits awake for a takeover that is near, or for what is due before it. @return whether it was.
  bool keep_vigil() {
    const auto takeover = router_.next_takeover();
    if (!takeover || EventLoop::now() < *takeover - kVigil) return false;
    const auto next = *router_.next();
    while (EventLoop::now() < next) {
    }
    return true;
  }
  void take_result(const ScriptResult& result) {
    carry_out(router_.on_script(result.tracker, result.success, EventLoop::now(), result.words));
  }
  void take_result(const ProcessResult& result) {
    carry_out(router_.on_processes(result.tracker, result.enough, EventLoop::now()));
  }
  void take_result(const FileResult& result) { carry_out(router_.on_file(result.tracker, result.value, EventLoop::now())); }
  // What the network and the workers wait for comes first; what is written about it, and scripts, when that is done.
  void carry_out(vrrp::Actions actions) {
    for (vrrp::Action& action : actions) {
      if (auto* const frame = std::get_if<vrrp::SendFrame>(&action)) send(std::move(*frame));
      if (const auto* const owner = std::get_if<vrrp::SetOwner>(&action)) set_owner(*owner);
    }
    outbox_.flush();
    for (vrrp::Action& action : actions) std::visit([this](auto& each) { follow_up(std::move(each)); }, action);
  }
  void send(vrrp::SendFrame action) {
    const auto port = std::ranges::find(surroundings_.ports, action.interface);
    if (port == surroundings_.ports.end() || !peers_.complete(action.frame)) return;
    outbox_.add(static_cast<core::PortIndex>(port - surroundings_.ports.begin()), std::move(action.frame));
  }
  void set_owner(const vrrp::SetOwner& action) {
    if (const auto owner = owners_.find(action.instance); owner != owners_.end()) {
      surroundings_.ownership.set(owner->second, action.owns);
    }
    surroundings_.on_owner(action);
  }
  void follow_up(const vrrp::SendFrame&) {}
  void follow_up(vrrp::SetOwner action) { owners_told_.post(std::move(action)); }
  void follow_up(const notify::LogLine& action) { log::write(action); }
  template <typename Errand>
  void follow_up(Errand errand) {
    surroundings_.run_errand(std::move(errand));
  }

  EventLoop& loop_;
  Surroundings& surroundings_;
  Mailbox<vrrp::SetOwner>& owners_told_;
  vrrp::Router router_;
  std::map<std::string, core::OwnerId> owners_;
  PeerDelivery peers_;
  Outbox outbox_;
  std::chrono::nanoseconds worst_delay_{};
  std::optional<vrrp::TimePoint> catch_up_until_;
  PreciseTimer timer_;
  FdWatch frames_;
};

VrrpThread::VrrpThread(EventLoop& control, Surroundings surroundings, OwnersChanged on_owners)
    : surroundings_{std::move(surroundings)},
      owners_{control, std::move(on_owners)},
      worker_{std::make_unique<Worker>(loop_, surroundings_, owners_)},
      orders_{loop_,
              [this](std::vector<Order> orders) {
                for (Order& order : orders) {
                  if (auto* const of_vrrp = std::get_if<VrrpOrder>(&order)) {
                    std::visit([this](auto& each) { worker_->take(std::move(each)); }, *of_vrrp);
                  } else if (auto* const ask = std::get_if<Ask>(&order)) {
                    worker_->take(std::move(*ask));
                  } else {
                    worker_->take(Stop{});
                  }
                }
                worker_->plan();
              }},
      emergency_{loop_.add_wakeup([this] {
        worker_->resign();
        has_resigned_ = true;
      })},
      thread_{[this] {
        take_precedence();
        loop_.run();
      }} {
  pthread_setname_np(thread_.native_handle(), "vrrp");
}

VrrpThread::~VrrpThread() { stop(); }

VrrpThreadStatus VrrpThread::status() {
  Ask ask;
  auto answer = ask.answer.get_future();
  orders_.post(Order{std::move(ask)});
  return answer.get();
}

void VrrpThread::resign_in_emergency() {
  auto patience = kFarewell;
  const auto wait_a_moment = [&patience] {
    constexpr timespec kMoment{.tv_sec = 0, .tv_nsec = 1'000'000};
    nanosleep(&kMoment, nullptr);
    patience -= std::chrono::milliseconds{1};
  };
  if (pthread_equal(pthread_self(), thread_.native_handle()) != 0) {
    worker_->resign();
  } else {
    emergency_.send();
    while (!has_resigned_ && patience > patience.zero()) wait_a_moment();
  }
  while (surroundings_.exchange.urgent_frames_wait() && patience > patience.zero()) wait_a_moment();
  wait_a_moment();  // a worker may have taken a frame that it has still to send
}

void VrrpThread::stop() {
  if (!thread_.joinable()) return;
  orders_.post(Order{Stop{}});
  thread_.join();
}

}  // namespace penstock::control
