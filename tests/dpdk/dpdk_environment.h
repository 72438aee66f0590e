// What tests of the shell share: the process's one EAL in a network namespace of its own, wires made of rings, and waiting with
// a bound.
#pragma once

#include <rte_eth_ring.h>
#include <rte_mempool.h>
#include <rte_ring.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "dataplane/dpdk/data_plane.h"
#include "dataplane/dpdk/eal.h"
#include "tests/dpdk/scripted_forwarder.h"

namespace penstock::dpdk::testing {

// Two worker threads; alive during all tests.
[[nodiscard]] Eal& eal();

// Whether it comes true within ten seconds; looks again and again.
[[nodiscard]] bool eventually(const std::function<bool()>& condition);

// A port whose other side is the test: one ring for each direction and queue.
class RingWire {
 public:
  struct Size {
    unsigned receive_queues = 1;
    unsigned transmit_queues = 1;
    unsigned transmit_room = 512;  // packets that a transmit queue takes
  };
  explicit RingWire(const Size& size);
  RingWire() : RingWire{Size{}} {}
  ~RingWire();
  RingWire(const RingWire&) = delete;
  RingWire& operator=(const RingWire&) = delete;

  // "eth0=net_ring_...": what --port would say.
  [[nodiscard]] PortSpec spec(const std::string& name) const;

  // As if a frame came in. `segment`: it comes in buffers of so many bytes.
  void arrive(std::span<const std::byte> frame, unsigned queue = 0, std::size_t segment = SIZE_MAX);
  // The next frame that left, if there is one.
  [[nodiscard]] std::optional<std::vector<std::byte>> left(unsigned queue = 0);
  // The next one, waiting for it.
  [[nodiscard]] std::optional<std::vector<std::byte>> wait_left(unsigned queue = 0);
  [[nodiscard]] unsigned waiting(unsigned queue = 0) const { return rte_ring_count(transmit_[queue]); }
  // Buffers that have not come back.
  [[nodiscard]] unsigned in_use() const { return rte_mempool_in_use_count(pool_.get()); }

 private:
  std::string name_;
  PacketPool pool_;
  std::vector<rte_ring*> receive_;
  std::vector<rte_ring*> transmit_;
  int device_ = -1;

  friend void show_order_of_wires(const PortSet& ports);
};

// For ThreadSanitizer (order_for_tsan.h): of the ports that are RingWires. @pre no worker uses them yet.
void show_order_of_wires(const PortSet& ports);

using ScriptedPlane = BasicDataPlane<ScriptedForwarder, ScriptedSnapshot, ScriptedReleased>;

// A running data plane with scripted forwarders.
class Running {
 public:
  Running(const std::vector<PortSpec>& specs, unsigned workers, const DataPlaneOptions& options = {});
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  [[nodiscard]] ScriptedPlane& plane() { return *plane_; }
  [[nodiscard]] ScriptedForwarder& forwarder(std::size_t worker) { return *forwarders_[worker]; }
  [[nodiscard]] unsigned dropped(core::DropReason reason) const;

 private:
  std::vector<std::unique_ptr<ScriptedForwarder>> forwarders_;
  std::unique_ptr<ScriptedPlane> plane_;
};

}  // namespace penstock::dpdk::testing
