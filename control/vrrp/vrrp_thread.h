// The VRRP thread: adverts, announcements and their timers, on a thread of its own that does nothing else and waits for nobody.
//
// It takes adverts off the workers' rings and sends by the urgent ones; a takeover is a flag that the workers read
// (core::Ownership). All that can block goes elsewhere: addresses to control (SetOwner), scripts, fifo lines and mails to who
// runs them. So a slow reload, script or kernel changes no timer. Control-owned.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

#include "control/loop/event_loop.h"
#include "control/loop/mailbox.h"
#include "control/vrrp/tracker_result.h"
#include "control/vrrp/vrrp_status.h"
#include "dataplane/core/ownership.h"
#include "dataplane/dpdk/exchange.h"
#include "vrrp/router.h"

namespace penstock::control {

// -- what the thread is told --

struct VrrpConfiguration {
  vrrp::RouterSpec spec{};
  std::map<std::string, core::OwnerId> owners{};  // of each instance
};
struct InterfaceChange {
  std::string name{};
  vrrp::InterfaceState state{};
};
struct AddressLoss {
  std::string interface{};
  packet::IpAddress address{};
};
// How frames reach unicast peers. Those that aren't here get none.
using PeerMacs = std::unordered_map<packet::IpAddress, packet::MacAddress>;
struct AnnounceAgain {};
struct ClearCounters {};

using VrrpOrder =
    std::variant<VrrpConfiguration, InterfaceChange, AddressLoss, TrackerResult, PeerMacs, AnnounceAgain, ClearCounters>;

// -- what it tells --

using VrrpErrand = std::variant<notify::RunScript, notify::WriteFifo, notify::SendMail>;

class VrrpThread {
 public:
  struct Surroundings {
    dpdk::Exchange& exchange;
    core::Ownership& ownership;
    std::vector<std::string> ports;  // names, by their index
    // Called on the VRRP thread; must not block.
    std::function<void(VrrpErrand)> run_errand;
    // Likewise, right after the workers have been told.
    std::function<void(const vrrp::SetOwner&)> on_owner;
  };
  // On control's thread, in the order in which they happened.
  using OwnersChanged = std::move_only_function<void(std::vector<vrrp::SetOwner>)>;

  // All arguments must outlive it. Throws std::runtime_error when there is no thread or descriptor left.
  VrrpThread(EventLoop& control, Surroundings surroundings, OwnersChanged on_owners);
  // As stop(), where it wasn't called.
  ~VrrpThread();
  VrrpThread(const VrrpThread&) = delete;
  VrrpThread& operator=(const VrrpThread&) = delete;

  void post(VrrpOrder order) { orders_.post(Order{std::move(order)}); }
  // Asks the thread, which never waits for control, and waits for its answer. Not after stop().
  [[nodiscard]] VrrpThreadStatus status();
  [[nodiscard]] TurnStatistics turns() const { return loop_.turns(); }
  // Resigns everywhere and ends the thread once its last frames are with the workers, which must still run. Nothing is told to
  // `on_owners` any more: no address is ours.
  void stop();
  // Resigns everywhere, from a handler of a fatal signal on whatever thread. Waits 0.1 s at most for the frames to be sent. In
  // vain where a worker sends them (virtual devices have no queue for this thread) and it is this worker that fails.
  void resign_in_emergency();

 private:
  struct Ask {
    std::promise<VrrpThreadStatus> answer;
  };
  struct Stop {};
  using Order = std::variant<VrrpOrder, Ask, Stop>;
  class Worker;

  Surroundings surroundings_;
  EventLoop loop_;
  Mailbox<vrrp::SetOwner> owners_;
  std::unique_ptr<Worker> worker_;  // the thread's while it runs
  Mailbox<Order> orders_;
  std::atomic<bool> has_resigned_{false};
  Wakeup emergency_;
  std::thread thread_;
};

}  // namespace penstock::control
