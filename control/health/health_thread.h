// The health thread: everything slow that health checking does, away from the thread that VRRP and the tables live on.
//
// It has an event loop of its own with the probes, the notify scripts, the mails and the fifo. Orders go in and reports come
// out, both by mailboxes; neither side ever waits for the other. Control-owned; what it runs belongs to the thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "control/health/fifo_channel.h"
#include "control/loop/event_loop.h"
#include "control/loop/mailbox.h"
#include "control/vrrp/tracker_result.h"
#include "healthcheck/io/punctuality.h"
#include "healthcheck/io/via_gate.h"
#include "healthcheck/monitor.h"
#include "healthcheck/report.h"
#include "healthcheck/spec/policy.h"
#include "notify/action.h"
#include "vrrp/spec/tracking_spec.h"

namespace penstock::control {

// What holds for all checks, scripts and mails that start from now on.
struct HealthSettings {
  healthcheck::GlobalPolicy global;
  healthcheck::MailPolicy mail;
  std::vector<healthcheck::Script> scripts;  // all that checks and notifications will run
};

// What runs here for VRRP: what it tracks, and its fifo. After the HealthSettings that come with them.
struct VrrpErrands {
  std::vector<vrrp::ScriptTracker> scripts{};
  std::vector<vrrp::ProcessTracker> processes{};
  std::vector<vrrp::FileTracker> files{};
  FifoSettings fifo{};
};
struct WriteVrrpFifo {
  std::string line{};
};

using HealthOrder = std::variant<HealthSettings, VrrpErrands, std::shared_ptr<healthcheck::ViaGate>, healthcheck::StartCheck,
                                 healthcheck::StopCheck, notify::RunScript, notify::WriteFifo, WriteVrrpFifo, notify::SendMail>;

class HealthThread {
 public:
  using Reports = std::move_only_function<void(std::vector<healthcheck::CheckReport>)>;

  using TrackerResults = std::function<void(TrackerResult)>;

  // `on_reports` is called on `control`'s thread, `on_tracker` on the health thread: it must not block. Throws
  // std::runtime_error when there is no thread or descriptor left.
  HealthThread(EventLoop& control, Reports on_reports, TrackerResults on_tracker);
  // Ends every check; scripts of a stop that were ordered before get a moment to run (kFarewell), mails likewise.
  ~HealthThread();
  HealthThread(const HealthThread&) = delete;
  HealthThread& operator=(const HealthThread&) = delete;

  static constexpr std::chrono::seconds kFarewell{2};

  // How its checks and its loop keep their times.
  [[nodiscard]] healthcheck::Punctuality punctuality() const { return punctuality_.read(); }
  [[nodiscard]] TurnStatistics turns() const { return loop_.turns(); }

  // Any thread.
  void post(HealthOrder order) { orders_.post(Order{std::move(order)}); }

 private:
  struct Stop {};
  using Order = std::variant<HealthOrder, Stop>;
  class Worker;

  void run();
  void take(std::vector<Order> orders);

  EventLoop loop_;
  TrackerResults on_tracker_;
  healthcheck::PunctualityRecorder punctuality_;  // the thread writes
  Mailbox<healthcheck::CheckReport> reports_;
  Mailbox<Order> orders_;
  Worker* worker_ = nullptr;  // while the thread runs; the thread's
  std::thread thread_;
};

}  // namespace penstock::control
