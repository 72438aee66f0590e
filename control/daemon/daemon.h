// The composition root: makes everything, holds it in the order in which it must end, and reacts to what happens.
//
// start() does all that can fail; run() is the event loop. Control-owned: one thread, which is also DPDK's main thread.
#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/model.h"
#include "control/cli/server.h"
#include "control/daemon/connection_cursor.h"
#include "control/daemon/daemon_status.h"
#include "control/daemon/daemonize.h"
#include "control/daemon/kernel_network.h"
#include "control/daemon/options.h"
#include "control/daemon/publisher.h"
#include "control/daemon/slow_path.h"
#include "control/daemon/status_dumps.h"
#include "control/daemon/via_checks.h"
#include "control/director/director.h"
#include "control/health/service_health.h"
#include "control/loop/event_loop.h"
#include "control/sync/sync_thread.h"
#include "control/vrrp/last_will.h"
#include "control/vrrp/vrrp_service.h"
#include "dataplane/core/counters.h"
#include "dataplane/core/forwarder.h"
#include "dataplane/core/ownership.h"
#include "dataplane/dpdk/data_plane.h"
#include "dataplane/dpdk/eal.h"

namespace penstock::control {

class Daemon {
 public:
  // Forwarding when it returns. The error is one sentence for the operator. The log is open.
  [[nodiscard]] static std::expected<std::unique_ptr<Daemon>, std::string> start(const Options& options, config::Model model);
  // Resigns as master, withdraws the VIPs, stops the workers, removes the TAPs.
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Until SIGTERM or SIGINT.
  void run();

 private:
  using Step = std::expected<void, std::string>;

  explicit Daemon(Options options);
  [[nodiscard]] Step start_dpdk();
  [[nodiscard]] Step start_kernel_side();
  void give_privileges_up();
  [[nodiscard]] Step start_forwarding(config::Model model);
  [[nodiscard]] Step start_cli();
  [[nodiscard]] Step set_addresses_and_routes();
  void watch_signals_and_time();

  // Makes the model the one in force; on an error nothing has changed.
  [[nodiscard]] std::expected<Director::Changes, std::string> adopt(config::Model model);
  void take_virtual_macs();
  [[nodiscard]] SyncThread::Surroundings surroundings_of_sync();
  void warn_of_too_few_descriptors(const config::Model& model) const;
  void reload();
  void on_next_hops(std::span<const NextHopTracker::Change> changes);
  [[nodiscard]] VrrpThread::Surroundings surroundings_of_vrrp();
  void run_errand(VrrpErrand errand);
  void follow_next_hops();
  void tell_peer_macs();
  void watch_dump_signals();
  void on_housekeeping();

  // Ended from the last to the first.
  Options options_;
  std::uint64_t descriptors_;  // as many as may be open
  EventLoop loop_;
  std::unique_ptr<dpdk::Eal> eal_;
  std::unique_ptr<core::CounterBoard> board_;
  core::Ownership ownership_;
  std::unique_ptr<core::StandbyTables> standby_;
  std::vector<std::unique_ptr<core::SyncOutbox>> outboxes_;  // of the forwarders
  std::vector<std::unique_ptr<core::Forwarder>> forwarders_;
  std::unique_ptr<dpdk::DataPlane> plane_;
  std::unique_ptr<Director> director_;
  std::unique_ptr<KernelNetwork> kernel_;
  std::unique_ptr<SlowPath> slow_path_;
  std::unique_ptr<ViaChecks> via_checks_;
  std::unique_ptr<SyncThread> sync_;
  NetworkMirror::Subscription sync_links_;
  std::unique_ptr<VrrpService> vrrp_;  // its thread tells the sync thread who is master
  config::Model model_;
  Publisher publisher_{
      loop_, [this](Publisher::What what) {
        plane_->publish(what == Publisher::What::kRows ? director_->snapshot_with_new_rows() : director_->build_snapshot());
      }};
  std::unique_ptr<ServiceHealth> health_;
  std::unique_ptr<ConnectionDesk> connections_;
  std::unique_ptr<DaemonStatusSource> status_;
  std::unique_ptr<CliServer> cli_;
  std::optional<LastWill> last_will_;
  StatusDumps dumps_;
  std::vector<SignalWatch> signals_;
  Timer housekeeping_;
  Timer seconds_;
  Timer rates_;
};

}  // namespace penstock::control
