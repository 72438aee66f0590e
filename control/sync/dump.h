// All connections that this director knows, for one that has none: those of its workers, and those that wait in its standby
// tables.
//
// In steps, so that neither the workers nor the network get more at once than they take without effort. A walk, and no moment's
// picture: what begins meanwhile is told by the workers anyway, and so is, while it goes on, what they claim from the standby
// tables. What another one's insert moves within a worker's table may be missing (ConnectionListing). Sync-thread-owned.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "dataplane/core/forwarder.h"
#include "dataplane/core/standby_table.h"
#include "dataplane/core/sync_outbox.h"

namespace penstock::control {

class SyncDump {
 public:
  using Tell = std::function<void(const core::SyncRecord& connection)>;

  // All must outlive it; `forwarders` and `outboxes`: one for each worker.
  SyncDump(const std::vector<core::Forwarder*>& forwarders, const std::vector<core::SyncOutbox*>& outboxes,
           const core::StandbyTables& standby)
      : forwarders_{forwarders}, outboxes_{outboxes}, standby_{standby} {}

  [[nodiscard]] bool is_running() const { return running_; }
  // While one is running: another one follows it.
  void start();
  // Tells some more connections, about `budget` (at least one worker's batch where one is ready). @return false: one is
  // through; is_running(): the one that follows it is to begin.
  bool step(std::size_t budget, core::Tick now, const Tell& tell);

 private:
  void be_running(bool running);
  bool step_worker(const Tell& tell, std::size_t& told);
  template <typename Table>
  bool step_table(const Table& table, std::size_t budget, core::Tick now, const Tell& tell, std::size_t& told);

  const std::vector<core::Forwarder*>& forwarders_;
  const std::vector<core::SyncOutbox*>& outboxes_;
  const core::StandbyTables& standby_;
  bool running_ = false;
  bool again_ = false;
  std::size_t worker_ = 0;  // forwarders_.size() and one more: the standby tables
  bool asked_ = false;      // the worker
  std::size_t bucket_ = 0;  // of the standby table
};

}  // namespace penstock::control
