#include "dataplane/dpdk/packet_pool.h"

#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_mempool.h>

#include <bit>

#include "dataplane/core/fragment_table.h"
#include "dataplane/dpdk/rings.h"

namespace penstock::dpdk {
namespace {

constexpr unsigned kCache = 256;  // buffers that each thread keeps at hand
constexpr unsigned kHeldFragments = core::FragmentTable::kHeldFrames;

}  // namespace

std::expected<PacketPool, std::string> make_packet_pool(const std::string& name, unsigned count, unsigned data_room,
                                                        int socket) {
  const auto room = static_cast<std::uint16_t>(data_room + RTE_PKTMBUF_HEADROOM);
  PacketPool pool{rte_pktmbuf_pool_create(name.c_str(), count, kCache, sizeof(PacketNote), room, socket)};
  if (pool == nullptr) {
    return std::unexpected(
        fmt::format("no memory for {} packet buffers of {} bytes ({}): give DPDK more by --eal \"--no-huge -m 1024\" or set "
                    "more huge pages aside",
                    count, data_room, rte_strerror(rte_errno)));
  }
  return pool;
}

unsigned pool_size(const PoolDemand& demand) {
  const unsigned per_worker = kHandOverRing + kPuntRings + kHeldFragments + 2 * kCache + 4 * core::kBurst;
  const unsigned count = demand.receive_descriptors + demand.transmit_descriptors + demand.workers * per_worker + 2 * kCache;
  return std::bit_ceil(count) - 1;  // what rte_mempool stores best
}

}  // namespace penstock::dpdk
