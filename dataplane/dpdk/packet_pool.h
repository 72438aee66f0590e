// Packet buffers: an rte_mbuf, a note of ours, and the bytes.
#pragma once

#include <rte_mbuf.h>

#include <cstdint>
#include <expected>
#include <memory>
#include <string>

#include "dataplane/core/frame.h"

namespace penstock::dpdk {

// What travels beside a packet from thread to thread, in the mbuf's private area. Written by who puts the packet into a ring.
struct PacketNote {
  std::uint64_t arrival_tsc = 0;  // kPunt: when the burst with it was received
  core::Transit transit;          // kHandOver
  core::PortIndex port = 0;       // where the packet came in
};
static_assert(sizeof(PacketNote) == 16 && sizeof(PacketNote) % RTE_MBUF_PRIV_ALIGN == 0);

[[nodiscard]] inline PacketNote& note_of(rte_mbuf* packet) { return *static_cast<PacketNote*>(rte_mbuf_to_priv(packet)); }

struct PoolFree {
  void operator()(rte_mempool* pool) const { rte_mempool_free(pool); }
};
// @pre at its end: all buffers are back, and every port that received into it is closed.
using PacketPool = std::unique_ptr<rte_mempool, PoolFree>;

// `data_room`: bytes of one buffer's packet, without headroom. `socket`: NUMA node of the device, SOCKET_ID_ANY for none.
// `name` is unique in the process and has at most 25 characters.
[[nodiscard]] std::expected<PacketPool, std::string> make_packet_pool(const std::string& name, unsigned count,
                                                                      unsigned data_room, int socket);

// Where buffers of one pool can be at once, so that none is ever wanting. Each is touched at the start, and huge pages are slow
// to come: no more than that.
struct PoolDemand {
  unsigned receive_descriptors = 0;   // of the port, all queues together
  unsigned transmit_descriptors = 0;  // of all ports, all queues together
  unsigned workers = 1;
};
// Of the frames that a port receives: with workers, and in their rings to control and to each other.
[[nodiscard]] unsigned receiving_pool_size(const PoolDemand& demand);
// Of the frames that control injects into this many ports.
[[nodiscard]] unsigned injecting_pool_size(const PoolDemand& demand, unsigned ports);

}  // namespace penstock::dpdk
