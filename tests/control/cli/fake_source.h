// A daemon of values for tests: its state is plain members, its connections are counted out without being stored.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "control/cli/status_source.h"

namespace penstock::control {

class FakeSource final : public StatusSource {
 public:
  // How a cursor behaves, and what it was seen to do.
  struct Connections {
    std::uint64_t total = 0;   // rows of one walk: row(0), row(1), ...
    std::size_t batch = 1000;  // rows of one batch
    bool at_once = true;       // false: a batch waits for deliver_one()
    std::uint64_t batches_asked = 0;
    std::function<void()> owed;  // delivers the batch that is waited for; empty: none is
    int open_cursors = 0;
  };

  [[nodiscard]] DaemonStatus daemon() const override { return daemon_status; }
  [[nodiscard]] std::vector<ServiceStatus> services() const override { return service_list; }
  [[nodiscard]] ChecksStatus checks() const override { return checks_status; }
  [[nodiscard]] SyncStatus sync() const override { return sync_status; }
  [[nodiscard]] VrrpStatus vrrp() const override { return vrrp_status; }
  [[nodiscard]] std::vector<WorkerStatus> workers() const override { return worker_list; }
  [[nodiscard]] std::vector<ThreadStatus> threads() const override { return thread_list; }
  [[nodiscard]] std::vector<DropStatus> drops() const override { return drop_list; }
  [[nodiscard]] std::vector<PortStatus> ports() const override { return port_list; }
  [[nodiscard]] std::string config_text() const override { return config; }
  [[nodiscard]] std::unique_ptr<ConnectionCursor> connections() override;
  void announce() override { ++announced; }
  bool watch_stages() override {
    ++watched;
    return measured;
  }

  // The n-th connection: client 10.x.y.z:1024+n.
  [[nodiscard]] static ConnectionStatus row(std::uint64_t n);

  DaemonStatus daemon_status;
  std::vector<ServiceStatus> service_list;
  ChecksStatus checks_status;
  SyncStatus sync_status;
  VrrpStatus vrrp_status;
  int announced = 0;
  int watched = 0;
  bool measured = false;  // watch_stages() says
  std::vector<WorkerStatus> worker_list;
  std::vector<ThreadStatus> thread_list;
  std::vector<DropStatus> drop_list;
  std::vector<PortStatus> port_list;
  std::string config;
  std::shared_ptr<Connections> walk = std::make_shared<Connections>();
};

}  // namespace penstock::control
