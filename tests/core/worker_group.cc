#include "tests/core/worker_group.h"

#include <deque>
#include <stdexcept>
#include <utility>

namespace penstock::test {

WorkerGroup::WorkerGroup(unsigned workers, std::size_t connections) : board_{workers} {
  for (unsigned i = 0; i < workers; ++i) {
    outboxes_.push_back(std::make_unique<core::SyncOutbox>(kOutboxRecords));
    workers_.push_back(std::make_unique<TestWorker>(board_, core::Forwarder::Options{.self = static_cast<core::WorkerIndex>(i),
                                                                                     .connections4 = connections,
                                                                                     .connections6 = connections,
                                                                                     .standby = &standby_,
                                                                                     .outbox = outboxes_.back().get()}));
  }
}

std::vector<Handled> WorkerGroup::receive(core::WorkerIndex worker, const core::Snapshot& snapshot, core::Tick now, Bytes frame,
                                          std::uint64_t tag) {
  std::deque<std::pair<core::WorkerIndex, TestWorker::Input>> ring;
  ring.emplace_back(worker, TestWorker::Input{.bytes = std::move(frame), .tag = tag});
  std::vector<Handled> out;
  // Home, each other worker and home again is the longest way there is.
  for (std::size_t steps = 0; !ring.empty(); ++steps) {
    if (steps > workers_.size() + 2) throw std::logic_error("a frame goes round and round between workers");
    const auto [at, input] = std::move(ring.front());
    ring.pop_front();
    for (Handled& handled : workers_.at(at)->receive(snapshot, now, input)) {
      switch (handled.verdict.action) {
        case core::Action::kHandOver:
          ring.emplace_back(
              handled.verdict.worker,
              TestWorker::Input{.bytes = std::move(handled.bytes), .transit = handled.verdict.transit, .tag = handled.tag});
          break;
        case core::Action::kHold: break;
        default: out.push_back(std::move(handled));
      }
    }
  }
  return out;
}

std::vector<Handled> WorkerGroup::maintain(const core::Snapshot& snapshot, core::Tick now) {
  std::vector<Handled> out;
  for (const auto& worker : workers_) {
    for (int round = 0; round < 32; ++round) {
      for (Handled& handled : worker->maintain(snapshot, now)) out.push_back(std::move(handled));
    }
  }
  return out;
}

std::size_t WorkerGroup::held() const {
  std::size_t held = 0;
  for (const auto& worker : workers_) held += worker->held();
  return held;
}

std::uint64_t WorkerGroup::counted(core::Action action) const {
  std::uint64_t count = 0;
  for (unsigned i = 0; i < size(); ++i) {
    count += board_.worker(static_cast<core::WorkerIndex>(i)).actions[static_cast<std::size_t>(action)].get();
  }
  return count;
}

}  // namespace penstock::test
