#include "dataplane/dpdk/port_set.h"

#include <fmt/format.h>

#include <algorithm>

namespace penstock::dpdk {

std::expected<std::unique_ptr<PortSet>, std::string> PortSet::open(std::span<const PortSpec> specs, const PortSetup& setup) {
  if (specs.empty() || specs.size() > core::kMaxPorts) {
    return std::unexpected(fmt::format("{} ports given, but it takes 1 to {}", specs.size(), core::kMaxPorts));
  }
  std::unique_ptr<PortSet> set{new PortSet};
  for (const PortSpec& spec : specs) {
    auto port = Port::open(spec, static_cast<core::PortIndex>(set->ports_.size()), setup);
    if (!port) return std::unexpected(port.error());
    set->ports_.push_back(*std::move(port));
  }
  set->workers_ = setup.workers;
  for (const auto& port : set->ports_) set->workers_ = std::min(set->workers_, port->max_workers());
  for (const auto& port : set->ports_) {
    if (auto agreed = port->agree_on(set->workers_); !agreed) return std::unexpected(agreed.error());
  }
  if (auto started = set->start_all(); !started) return std::unexpected(started.error());
  return set;
}

PortSet::~PortSet() { close(); }

void PortSet::close() {
  for (const auto& port : ports_) port->close();
}

std::expected<void, std::string> PortSet::start_all() {
  for (const auto& port : ports_) {
    const PoolDemand demand{port->receive_descriptors() * port->receive_queues(), transmit_descriptors(), workers_};
    const unsigned count = std::min(receiving_pool_size(demand), port->max_buffers());
    auto pool = make_packet_pool(fmt::format("penstock-port-{}", port->index()), count, port->data_room(), port->numa_node());
    if (!pool) return std::unexpected(pool.error());
    pools_.push_back(*std::move(pool));
    if (auto started = port->start(pools_.back().get()); !started) return started;
  }
  return {};
}

bool PortSet::all_virtual() const {
  return std::ranges::all_of(ports_, [](const auto& port) { return port->is_virtual(); });
}

unsigned PortSet::largest_data_room() const {
  unsigned bytes = 0;
  for (const auto& port : ports_) bytes = std::max(bytes, port->data_room());
  return bytes;
}

unsigned PortSet::transmit_descriptors() const {
  unsigned count = 0;
  for (const auto& port : ports_) count += port->transmit_descriptors() * (workers_ + (port->urgent_queue() ? 1 : 0));
  return count;
}

}  // namespace penstock::dpdk
