#include "dataplane/dpdk/exchange.h"

#include <fmt/format.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace penstock::dpdk {
namespace {

constexpr unsigned kUrgentBuffers = 1023;
// Frames of one class that a single drain_all() hands on: its thread's timers come in between.
constexpr std::size_t kDrainBudget = 256;

}  // namespace

std::expected<std::unique_ptr<Exchange>, std::string> Exchange::make(PortSet& ports) {
  std::unique_ptr<Exchange> exchange{new Exchange};
  const auto count = static_cast<unsigned>(ports.size());
  auto urgent = make_packet_pool("penstock-urgent", kUrgentBuffers, ports.largest_data_room(), SOCKET_ID_ANY);
  if (!urgent) return std::unexpected(urgent.error());
  const PoolDemand demand{.transmit_descriptors = ports.transmit_descriptors(), .workers = ports.workers()};
  auto bulk = make_packet_pool("penstock-bulk", injecting_pool_size(demand, count), ports.largest_data_room(), SOCKET_ID_ANY);
  if (!bulk) return std::unexpected(bulk.error());
  exchange->urgent_pool_ = *std::move(urgent);
  exchange->bulk_pool_ = *std::move(bulk);
  for (unsigned port = 0; port < count; ++port) {
    exchange->injections_.push_back({InjectRing{fmt::format("penstock-urgent-{}", port), kUrgentRing},
                                     InjectRing{fmt::format("penstock-bulk-{}", port), kBulkRing}, ports[port].device_id(),
                                     ports[port].urgent_queue()});
  }
  for (unsigned worker = 0; worker < ports.workers(); ++worker) {
    for (std::size_t i = 0; i < core::kPuntClassCount; ++i) {
      exchange->punts_.emplace_back(fmt::format("penstock-punt-{}-{}", worker, i), kPuntRing[i]);
    }
    exchange->hand_overs_.emplace_back(fmt::format("penstock-handover-{}", worker), kHandOverRing);
  }
  return exchange;
}

rte_mbuf* Exchange::copy_of(std::span<const std::byte> frame, Urgency urgency) {
  rte_mbuf* packet = rte_pktmbuf_alloc((urgency == Urgency::kUrgent ? urgent_pool_ : bulk_pool_).get());
  if (packet == nullptr) return nullptr;
  char* const room =
      frame.size() <= UINT16_MAX ? rte_pktmbuf_append(packet, static_cast<std::uint16_t>(frame.size())) : nullptr;
  if (room == nullptr) {
    rte_pktmbuf_free(packet);
    return nullptr;
  }
  std::memcpy(room, frame.data(), frame.size());
  return packet;
}

std::size_t Exchange::inject_burst(core::PortIndex port, std::span<const std::span<const std::byte>> frames, Urgency urgency) {
  if (no_carrier_[port].load(std::memory_order_relaxed)) return std::min(frames.size(), core::kBurst);
  std::array<rte_mbuf*, core::kBurst> packets;
  std::uint16_t made = 0;
  while (made < frames.size() && made < packets.size()) {
    packets[made] = copy_of(frames[made], urgency);
    if (packets[made] == nullptr) break;
    ++made;
  }
  Injection& injection = injections_[port];
  std::uint16_t taken = 0;
  if (urgency == Urgency::kUrgent && injection.urgent_queue) {
    taken = rte_eth_tx_burst(injection.device, *injection.urgent_queue, packets.data(), made);
  }
  InjectRing& ring = urgency == Urgency::kUrgent ? injection.urgent : injection.bulk;
  while (taken < made && ring.push(packets[taken])) ++taken;
  if (taken < made) rte_pktmbuf_free_bulk(packets.data() + taken, made - taken);
  return taken;
}

void Exchange::deliver(rte_mbuf* packet, core::PuntClass punt_class, const std::function<void(const PuntedFrame&)>& take) {
  Side& side = side_of(taker_of(punt_class));
  const PacketNote& note = note_of(packet);
  side.joined.resize(rte_pktmbuf_pkt_len(packet));
  const auto* bytes =
      static_cast<const std::byte*>(rte_pktmbuf_read(packet, 0, rte_pktmbuf_pkt_len(packet), side.joined.data()));
  // Come while we drain, its counter is past our reading of it: then it is of now.
  const auto age = std::max<std::int64_t>(static_cast<std::int64_t>(side.reference_tsc - note.arrival_tsc), 0);
  const std::chrono::duration<double> seconds{static_cast<double>(age) / static_cast<double>(rte_get_tsc_hz())};
  take({note.port,
        punt_class,
        {bytes, rte_pktmbuf_pkt_len(packet)},
        side.reference_time - std::chrono::duration_cast<std::chrono::nanoseconds>(seconds)});
  rte_pktmbuf_free(packet);
}

std::size_t Exchange::drain(core::PuntClass punt_class, std::size_t budget,
                            const std::function<void(const PuntedFrame&)>& take) {
  Side& side = side_of(taker_of(punt_class));
  side.reference_tsc = rte_rdtsc();
  side.reference_time = std::chrono::steady_clock::now();
  std::size_t done = 0;
  std::array<rte_mbuf*, core::kBurst> packets;
  for (unsigned worker = 0; worker < workers(); ++worker) {
    PuntRing& ring = punts(static_cast<core::WorkerIndex>(worker), punt_class);
    while (done < budget) {
      const unsigned count = ring.pop(std::span{packets}.first(std::min(packets.size(), budget - done)));
      if (count == 0) break;
      for (unsigned i = 0; i < count; ++i) deliver(packets[i], punt_class, take);
      done += count;
    }
  }
  return done;
}

bool Exchange::all_empty(Taker taker) {
  for (std::size_t i = 0; i < punts_.size(); ++i) {
    if (taker_of(static_cast<core::PuntClass>(i % core::kPuntClassCount)) == taker && !punts_[i].empty()) return false;
  }
  return true;
}

void Exchange::drain_all(Taker taker, const std::function<void(const PuntedFrame&)>& take) {
  Bell& bell = side_of(taker).bell;
  bell.silence();
  for (std::size_t i = 0; i < core::kPuntClassCount; ++i) {
    const auto punt_class = static_cast<core::PuntClass>(i);
    if (taker_of(punt_class) == taker) drain(punt_class, kDrainBudget, take);
  }
  bell.arm();
  if (!all_empty(taker)) bell.strike();  // over the budget, or come meanwhile: at once again
}

}  // namespace penstock::dpdk
