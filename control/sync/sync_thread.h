// The sync thread: tells the other director our connections, and keeps its.
//
// The protocol is IPVS's (sync/), so the other one may be a kernel. The thread empties the workers' outboxes every few
// milliseconds into datagrams, and puts what comes into the standby tables, where workers find it after a takeover. It does
// both whoever is MASTER, so that two directors which are master of an address each have the other's connections. Between two
// of ours there is more: whoever has begun to listen, was cut off or stood still asks for a dump of all connections, and gets
// it. Workers wait for none of it. Control-owned.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "config/model.h"
#include "control/loop/event_loop.h"
#include "control/loop/mailbox.h"
#include "control/sync/directory.h"
#include "control/sync/sync_status.h"
#include "dataplane/core/forwarder.h"
#include "dataplane/core/standby_table.h"
#include "dataplane/core/sync_outbox.h"
#include "dataplane/core/tick.h"

namespace penstock::control {

// -- what the thread is told --

// Nothing: no connections are synchronised.
struct SyncSettings {
  std::optional<config::SyncDaemon> daemon{};
  std::shared_ptr<const SyncDirectory> directory{};  // never null
};
// What the daemon's vrrp_instance has become.
struct SyncRole {
  std::string instance{};
  bool master = false;
};
// Whether an interface of the host can carry packets now.
struct SyncLink {
  std::string interface{};
  bool is_running = false;
};
using SyncOrder = std::variant<SyncSettings, SyncRole, SyncLink>;

class SyncThread {
 public:
  struct Surroundings {
    std::vector<core::Forwarder*> forwarders;  // one for each worker
    std::vector<core::SyncOutbox*> outboxes;   // likewise
    core::StandbyTables& standby;
    std::function<core::Tick()> now;  // the workers' time; the thread's alone
  };

  // All that `surroundings` names must outlive it. Throws std::runtime_error when there is no thread or descriptor left.
  explicit SyncThread(Surroundings surroundings);
  // As stop(), where it wasn't called.
  ~SyncThread();
  SyncThread(const SyncThread&) = delete;
  SyncThread& operator=(const SyncThread&) = delete;

  // Any thread. Orders of one thread are followed in their order.
  void post(SyncOrder order) { orders_.post(Order{std::move(order)}); }
  // Asks the thread, which waits for nobody, and waits for its answer. Not after stop().
  [[nodiscard]] SyncThreadStatus status();
  [[nodiscard]] TurnStatistics turns() const { return loop_.turns(); }
  // Sends what the workers have left, and ends the thread. Frames are with the host's interface then.
  void stop();

 private:
  struct Ask {
    std::promise<SyncThreadStatus> answer;
  };
  struct Stop {};
  using Order = std::variant<SyncOrder, Ask, Stop>;
  class Worker;

  EventLoop loop_;
  std::unique_ptr<Worker> worker_;  // the thread's while it runs
  Mailbox<Order> orders_;
  std::thread thread_;
};

}  // namespace penstock::control
