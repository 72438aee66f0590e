// Several workers of the core with a shell between them that does nothing but carry frames over: the smallest data plane in
// which a frame can visit more than one worker.
#pragma once

#include <memory>
#include <vector>

#include "tests/core/test_worker.h"

namespace penstock::test {

class WorkerGroup {
 public:
  explicit WorkerGroup(unsigned workers, std::size_t connections = 4096);

  // A frame comes to `worker`. Returns what became of it, and of frames held before that go now: forwarded, answered, given to
  // the kernel or dropped; a frame that is held is returned by a later call.
  std::vector<Handled> receive(core::WorkerIndex worker, const core::Snapshot& snapshot, core::Tick now, Bytes frame,
                               std::uint64_t tag = 0);
  // Time passes on all workers.
  std::vector<Handled> maintain(const core::Snapshot& snapshot, core::Tick now);

  [[nodiscard]] core::CounterBoard& board() { return board_; }
  // Connection sync, which does nothing unless somebody puts connections in or opens an outbox.
  [[nodiscard]] core::StandbyTables& standby() { return standby_; }
  [[nodiscard]] core::SyncOutbox& outbox(unsigned worker) { return *outboxes_.at(worker); }
  [[nodiscard]] core::Forwarder& forwarder(unsigned worker) { return workers_.at(worker)->forwarder(); }
  [[nodiscard]] unsigned size() const { return static_cast<unsigned>(workers_.size()); }
  [[nodiscard]] std::size_t held() const;
  [[nodiscard]] std::uint64_t counted(core::Action action) const;  // over all workers

 private:
  static constexpr std::size_t kOutboxRecords = 64;

  core::CounterBoard board_;
  core::StandbyTables standby_{4000, 4000, board_.standby()};
  std::vector<std::unique_ptr<core::SyncOutbox>> outboxes_;
  std::vector<std::unique_ptr<TestWorker>> workers_;
};

}  // namespace penstock::test
