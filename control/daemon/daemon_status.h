// What the daemon tells the CLI about itself: reads director, counters, data plane and ports, and copies them out.
// Control-owned.
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "config/model.h"
#include "control/cli/status_source.h"
#include "control/daemon/connection_cursor.h"
#include "control/daemon/publisher.h"
#include "control/director/director.h"
#include "control/health/service_health.h"
#include "control/sync/sync_thread.h"
#include "control/vrrp/vrrp_service.h"
#include "dataplane/core/counters.h"
#include "dataplane/dpdk/data_plane.h"

namespace penstock::control {

class DaemonStatusSource : public StatusSource {
 public:
  // What it reads; all must outlive it.
  struct Sources {
    const Director& director;
    const ServiceHealth& health;
    VrrpService& vrrp;
    SyncThread& sync;
    const core::StandbyTables& standby;
    const core::CounterBoard& board;
    dpdk::DataPlane& plane;
    const config::Model& model;
    const std::vector<dpdk::PortSpec>& port_specs;
    const EventLoop& loop;
    const Publisher& publisher;
    ConnectionDesk& connections;
  };
  struct TableSizes {
    std::size_t connections4 = 0;  // of each worker
    std::size_t connections6 = 0;
  };
  DaemonStatusSource(const Sources& sources, const TableSizes& sizes);

  // Once a second: for the numbers that are rates.
  void tick();

  [[nodiscard]] DaemonStatus daemon() const override;
  [[nodiscard]] std::vector<ServiceStatus> services() const override;
  [[nodiscard]] ChecksStatus checks() const override;
  [[nodiscard]] SyncStatus sync() const override;
  [[nodiscard]] VrrpStatus vrrp() const override;
  [[nodiscard]] std::vector<WorkerStatus> workers() const override;
  [[nodiscard]] std::vector<ThreadStatus> threads() const override;
  [[nodiscard]] std::vector<DropStatus> drops() const override;
  [[nodiscard]] std::vector<PortStatus> ports() const override;
  [[nodiscard]] std::string config_text() const override;
  [[nodiscard]] std::unique_ptr<ConnectionCursor> connections() override { return sources_.connections.open(); }
  void announce() override { sources_.vrrp.announce_again(); }
  bool watch_stages() override;

 private:
  // One worker's numbers at the last tick, and what came of them.
  struct Sample {
    std::uint64_t busy_loops = 0;
    std::uint64_t busy_cycles = 0;
    std::uint64_t received = 0;
    std::array<std::uint64_t, dpdk::kStageCount> stage_cycles{};
    WorkerStatus rates;
  };

  [[nodiscard]] RealServerStatus status_of(const Director::Server& server) const;
  [[nodiscard]] std::optional<packet::IpAddress> real_server_at(const packet::MacAddress& mac) const;
  [[nodiscard]] bool has_measured_a_second() const { return measured_ticks_ > 1; }
  [[nodiscard]] Sample sample_of(unsigned worker, double seconds) const;
  [[nodiscard]] WorkerStatus status_of_worker(unsigned index) const;

  Sources sources_;
  TableSizes sizes_;
  std::chrono::steady_clock::time_point started_;
  std::chrono::steady_clock::time_point ticked_;
  std::vector<Sample> samples_;  // by worker
  double packets_per_second_ = 0;
  unsigned watched_ticks_ = 0;   // that the stages are measured yet
  unsigned measured_ticks_ = 0;  // since they have been; of the first one's second they have been for a part only
};

}  // namespace penstock::control
