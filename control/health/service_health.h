// Health of the virtual services on the control thread: the monitor, fed by the health thread, and its actions carried out.
//
// A verdict's way: probe (health thread) -> report -> Monitor -> table -> Director -> snapshot -> workers. The table's change
// is told first; log lines, scripts and mails follow in the monitor's order. Control-owned.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "config/model.h"
#include "control/director/director.h"
#include "control/health/health_thread.h"
#include "control/loop/event_loop.h"
#include "healthcheck/monitor.h"

namespace penstock::control {

class ServiceHealth {
 public:
  // A service's rows are others now, by verdicts of which the oldest was reached at that time.
  using TableChanged =
      std::function<void(const Director::Key& service, std::span<const Director::Row> rows, healthcheck::TimePoint verdict)>;

  // Throws std::runtime_error when the health thread can't be had. `share_checks`: healthcheck::Monitor::Options. `on_tracker`:
  // HealthThread's.
  ServiceHealth(EventLoop& loop, bool share_checks, TableChanged on_change, HealthThread::TrackerResults on_tracker);

  // What the director would be asked for, to see whether there is room: every server named, none in service.
  [[nodiscard]] static std::vector<Director::Wanted> named_by(const config::Model& model);

  // Whose packets will be answers to checks.
  [[nodiscard]] static std::vector<packet::IpAddress> targets_of(const config::Model& model);

  // Makes the model the one in force, and returns its services with those servers in service that are up. Doesn't call
  // `on_change`.
  [[nodiscard]] std::vector<Director::Wanted> apply(const config::Model& model);

  // What probes by check_via go through from now on; may be null. Before apply().
  void use(std::shared_ptr<healthcheck::ViaGate> door) { thread_.post(std::move(door)); }

  // Something for the health thread to run. Any thread.
  void post(HealthOrder order) { thread_.post(std::move(order)); }

  // The lines and scripts of a stop.
  void stop();

  [[nodiscard]] std::vector<healthcheck::Monitor::ServiceStatus> status() const { return monitor_.status(); }
  [[nodiscard]] healthcheck::Punctuality punctuality() const { return thread_.punctuality(); }
  [[nodiscard]] TurnStatistics turns_of_thread() const { return thread_.turns(); }

 private:
  struct Thresholds {
    std::uint32_t upper = 0;
    std::uint32_t lower = 0;
  };
  using ThresholdsOfServers = std::map<packet::Endpoint, Thresholds>;

  void take(const std::vector<healthcheck::CheckReport>& reports);
  void carry_out_orders(healthcheck::Actions actions);
  [[nodiscard]] std::vector<Director::Row> rows_of(const healthcheck::ServiceKey& service) const;

  healthcheck::Monitor monitor_;
  TableChanged on_change_;
  std::map<healthcheck::ServiceKey, ThresholdsOfServers> thresholds_;
  HealthThread thread_;  // last: its reports come to what stands above
};

}  // namespace penstock::control
