#include "dataplane/core/counters.h"

namespace penstock::core {

CounterBoard::CounterBoard(unsigned workers) {
  for (unsigned i = 0; i < workers; ++i) workers_.push_back(std::make_unique<PerWorker>());
}

CounterBoard::Load CounterBoard::load_of(ServerId id) const {
  Load load = standby_.of(id);
  for (const auto& worker : workers_) {
    const ServerCounters& counters = worker->servers[index_of(id)];
    load.active += counters.active.get();
    load.inactive += counters.inactive.get();
  }
  return load;
}

}  // namespace penstock::core
