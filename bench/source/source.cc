#include "bench/source/source.h"

#include <netinet/in.h>
#include <rte_cycles.h>

namespace penstock::bench {
namespace {

constexpr std::uint32_t kFirstClient = 0x0a000000;   // 10.0.0.0
constexpr std::uint32_t kClientsOfQueue = 1U << 20;  // addresses; a queue's flows begin so far after the one's before it
constexpr std::uint64_t kCycle = 1U << 16;
constexpr std::uint64_t kDescriptors = 1024;  // of a NIC's queue

std::uint64_t period_of(std::uint64_t rate) {
  return rate == 0 ? 0 : static_cast<std::uint64_t>(static_cast<double>(rte_get_tsc_hz()) / static_cast<double>(rate) * kCycle);
}

}  // namespace

Source::Source(const Plan& plan, const rte_ether_addr& to, unsigned queue)
    : new_each_{plan.new_each},
      flows_{plan.flows},
      flood_{plan.syn_flood},
      tcp_{plan.is_tcp},
      client_base_{kFirstClient + queue * kClientsOfQueue},
      period_{period_of(plan.rate)},
      random_{0x9e3779b97f4a7c15 + queue} {
  std::uint8_t* const bytes = template_.data();
  std::memcpy(bytes, to.addr_bytes, sizeof(to.addr_bytes));
  bytes[6] = 0x02;  // some router's
  put16(bytes + 12, RTE_ETHER_TYPE_IPV4);
  std::uint8_t* const ip = bytes + 14;
  ip[0] = 0x45;
  put16(ip + 2, static_cast<std::uint16_t>(plan.size - 14));
  ip[8] = 64;
  ip[9] = tcp_ ? IPPROTO_TCP : IPPROTO_UDP;
  put16(ip + 16, static_cast<std::uint16_t>(plan.virtual_address >> 16));
  put16(ip + 18, static_cast<std::uint16_t>(plan.virtual_address));
  for (unsigned i = 0; i < 20; i += 2) header_sum_ += static_cast<unsigned>(ip[i] << 8 | ip[i + 1]);
  put16(bytes + 36, plan.virtual_port);
  if (tcp_) {
    bytes[46] = 0x50;  // a header of 20 bytes
  } else {
    put16(bytes + 38, static_cast<std::uint16_t>(plan.size - 34));
  }
}

unsigned Source::fill_by_rate(rte_mbuf* const* packets, unsigned count) {
  const std::uint64_t cycles = rte_rdtsc();
  if (begin_ == 0) begin_ = cycles;
  const std::uint64_t now = (cycles - begin_) * kCycle;
  if (due_ + kDescriptors * period_ < now) {
    const std::uint64_t too_many = (now - due_) / period_ - kDescriptors;
    due_ += too_many * period_;
    lost_.store(lost() + too_many, std::memory_order_relaxed);
  }
  unsigned come = 0;
  for (; come < count && due_ <= now; ++come, due_ += period_) {
    fill(*packets[come]);
    const std::uint64_t stamp = begin_ + due_ / kCycle;
    if (!tcp_) std::memcpy(rte_pktmbuf_mtod_offset(packets[come], std::uint8_t*, kStampAt), &stamp, sizeof(stamp));
  }
  return come;
}

std::optional<std::uint64_t> Source::came(const rte_mbuf& packet) const {
  // All but the Ethernet header's and the client's bytes are as they were made, up to the TTL and the checksum.
  constexpr unsigned kAddressAt = 30;
  constexpr unsigned kPortAt = 36;
  const auto* const bytes = rte_pktmbuf_mtod(&packet, const std::uint8_t*);
  if (period_ == 0 || packet.data_len < kStampAt + sizeof(std::uint64_t) || bytes[23] != template_[23] ||
      std::memcmp(bytes + kAddressAt, template_.data() + kAddressAt, 4) != 0 ||
      std::memcmp(bytes + kPortAt, template_.data() + kPortAt, 2) != 0)
    return std::nullopt;
  std::uint64_t stamp = 0;
  std::memcpy(&stamp, bytes + kStampAt, sizeof(stamp));
  return stamp;
}

}  // namespace penstock::bench
