#include "dataplane/dpdk/data_plane.h"

#include <rte_cycles.h>

#include <algorithm>

namespace penstock::dpdk {
namespace {

PuntLimit share_of(const PuntLimit& whole, unsigned workers) {
  return {std::max(whole.per_second / workers, 1U), std::max(whole.burst / workers, 1U)};
}

}  // namespace

std::vector<WorkerSetup> plan_workers(const PortSet& ports, const DataPlaneOptions& options) {
  const unsigned workers = ports.workers();
  std::vector<WorkerSetup> setups(workers);
  const std::uint64_t start = rte_rdtsc();
  for (unsigned i = 0; i < workers; ++i) {
    setups[i].index = static_cast<core::WorkerIndex>(i);
    setups[i].idle = options.idle.value_or(ports.all_virtual() ? IdleMode::kSleep : IdleMode::kPoll);
    setups[i].start_tsc = start;
    setups[i].neighbour = share_of(options.neighbour, workers);
    setups[i].other = share_of(options.other, workers);
  }
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const Port& port = ports[i];
    const unsigned first = port.receive_queues() < workers ? port.index() : 0;
    for (std::uint16_t queue = 0; queue < port.receive_queues(); ++queue) {
      setups[(first + queue) % workers].queues.push_back({port.device_id(), queue, port.index()});
    }
    setups[port.index() % workers].home_ports.push_back(port.index());
  }
  return setups;
}

}  // namespace penstock::dpdk
