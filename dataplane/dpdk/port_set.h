// All ports of the daemon with the pools that they receive into: opened together, because they must agree on the number of
// workers.
#pragma once

#include <expected>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dataplane/dpdk/packet_pool.h"
#include "dataplane/dpdk/port.h"

namespace penstock::dpdk {

// Control-owned.
class PortSet {
 public:
  // Opens and starts the ports. Each worker needs a transmit queue on each port, so when a device has fewer there are fewer
  // workers.
  [[nodiscard]] static std::expected<std::unique_ptr<PortSet>, std::string> open(std::span<const PortSpec> specs,
                                                                                 const PortSetup& setup);
  ~PortSet();
  PortSet(const PortSet&) = delete;
  PortSet& operator=(const PortSet&) = delete;

  // Stops all ports; they give back every buffer that they hold. The pools stay. @pre no worker uses a port any more.
  void close();

  [[nodiscard]] unsigned workers() const { return workers_; }
  [[nodiscard]] std::size_t size() const { return ports_.size(); }
  [[nodiscard]] Port& operator[](std::size_t index) { return *ports_[index]; }
  [[nodiscard]] const Port& operator[](std::size_t index) const { return *ports_[index]; }
  // Whether all ports are made of software.
  [[nodiscard]] bool all_virtual() const;
  [[nodiscard]] unsigned largest_data_room() const;
  [[nodiscard]] unsigned transmit_descriptors() const;  // of all ports and queues together

 private:
  PortSet() = default;
  [[nodiscard]] std::expected<void, std::string> start_all();

  unsigned workers_ = 1;
  std::vector<PacketPool> pools_;  // ended after the ports: one port's transmit queue holds buffers of another's pool
  std::vector<std::unique_ptr<Port>> ports_;
};

}  // namespace penstock::dpdk
