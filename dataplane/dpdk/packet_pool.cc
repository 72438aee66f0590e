#include "dataplane/dpdk/packet_pool.h"

#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_mempool.h>

#include "dataplane/core/fragment_table.h"
#include "dataplane/dpdk/rings.h"

namespace penstock::dpdk {
namespace {

// Of DPDK's pools the one whose threads never wait for one that is in the middle of it: VRRP's thread, which is ahead of all
// others, would wait for ever for one that it has preempted.
constexpr const char* kPool = "ring_mt_rts";
constexpr unsigned kCache = 256;  // buffers that each thread keeps at hand
constexpr unsigned kHeldFragments = core::FragmentTable::kHeldFrames;

// What workers and one thread of control have of one pool in their caches, which grow to half as much again before they give
// back, and in bursts.
unsigned at_hand(unsigned workers) {
  constexpr unsigned kOfOne = 2 * kCache + 4 * unsigned{core::kBurst};
  return (workers + 1) * kOfOne;
}

}  // namespace

std::expected<PacketPool, std::string> make_packet_pool(const std::string& name, unsigned count, unsigned data_room,
                                                        int socket) {
  const auto room = static_cast<std::uint16_t>(data_room + RTE_PKTMBUF_HEADROOM);
  PacketPool pool{rte_pktmbuf_pool_create_by_ops(name.c_str(), count, kCache, sizeof(PacketNote), room, socket, kPool)};
  if (pool == nullptr) {
    return std::unexpected(
        fmt::format("no memory for {} packet buffers of {} bytes ({}): give DPDK more by --eal \"--no-huge -m 1024\" or set "
                    "more huge pages aside",
                    count, data_room, rte_strerror(rte_errno)));
  }
  return pool;
}

unsigned receiving_pool_size(const PoolDemand& demand) {
  constexpr unsigned kInRings = kHandOverRing + kPuntRings + kHeldFragments;
  return demand.receive_descriptors + demand.transmit_descriptors + demand.workers * kInRings + at_hand(demand.workers);
}

unsigned injecting_pool_size(const PoolDemand& demand, unsigned ports) {
  return demand.transmit_descriptors + ports * kBulkRing + at_hand(demand.workers);
}

}  // namespace penstock::dpdk
