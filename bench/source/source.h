// What one receive queue is given: packets of its own flows, in turn, new ones and floods among them as the plan says.
#pragma once

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_mbuf.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <optional>

#include "bench/source/plan.h"

namespace penstock::bench {

// Used by the thread that polls the queue, but for lost().
class alignas(RTE_CACHE_LINE_SIZE) Source {
 public:
  Source(const Plan& plan, const rte_ether_addr& to, unsigned queue);

  // Make these mbufs the next packets. @return how many have come: all, unless the plan has a rate.
  unsigned fill(rte_mbuf* const* packets, unsigned count) {
    if (period_ != 0) return fill_by_rate(packets, count);
    for (unsigned i = 0; i < count; ++i) fill(*packets[i]);
    return count;
  }

  // When a packet of this source came, in cycles of the TSC, if it has a rate. None: another packet.
  [[nodiscard]] std::optional<std::uint64_t> came(const rte_mbuf& packet) const;

  // Packets that came while as many as a NIC's queue holds were waiting. Any thread.
  [[nodiscard]] std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

 private:
  static constexpr unsigned kFrameStart = 64;  // bytes that are written
  static constexpr unsigned kPortBits = 14;    // of each address: ports 1024 to 17407
  static constexpr std::uint16_t kFirstClientPort = 1024;
  static constexpr unsigned kStampAt = 48;  // in UDP's payload
  static constexpr std::uint8_t kSyn = 0x02;
  static constexpr std::uint8_t kAck = 0x10;

  struct Client {
    std::uint32_t address;
    std::uint16_t port;
    bool begins;
  };

  [[nodiscard]] Client client_of(std::uint64_t flow, bool begins) const {
    return {client_base_ + static_cast<std::uint32_t>(flow >> kPortBits),
            static_cast<std::uint16_t>(kFirstClientPort + (flow & ((1U << kPortBits) - 1))), begins};
  }

  // All flows begin in turn; then the slots take turns, and each Kth packet puts a new flow into the slot of the oldest. Behind
  // each packet comes the flood.
  Client next() {
    if (begun_ < flows_) return client_of(begun_++, true);
    if (flood_ != 0) {
      if (flooded_ < flood_) {
        ++flooded_;
        return anybody();
      }
      flooded_ = 0;
    }
    if (new_each_ != 0 && ++since_new_ >= new_each_) {
      since_new_ = 0;
      if (++renewed_ == flows_) {
        renewed_ = 0;
        ++generation_;
      }
      return client_of(begun_++, true);
    }
    if (++slot_ >= flows_) slot_ = 0;
    return client_of((generation_ + (slot_ < renewed_ ? 1 : 0)) * flows_ + slot_, false);
  }

  // A client that never answers: of 2^28 addresses, none of a flow's, and any port but 0.
  Client anybody() {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    constexpr std::uint32_t kNetwork = 0x20000000;  // 32.0.0.0/4
    return {kNetwork | static_cast<std::uint32_t>(random_ >> 36), static_cast<std::uint16_t>(random_ | 1), true};
  }

  void fill(rte_mbuf& packet) {
    const Client client = next();
    auto* const bytes = rte_pktmbuf_mtod(&packet, std::uint8_t*);
    std::memcpy(bytes, template_.data(), kFrameStart);
    std::uint32_t sum = header_sum_ + (client.address >> 16) + (client.address & 0xffff);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    put16(bytes + 24, static_cast<std::uint16_t>(~sum));
    put16(bytes + 26, static_cast<std::uint16_t>(client.address >> 16));
    put16(bytes + 28, static_cast<std::uint16_t>(client.address));
    put16(bytes + 34, client.port);
    if (tcp_) bytes[47] = client.begins ? kSyn : kAck;
  }

  unsigned fill_by_rate(rte_mbuf* const* packets, unsigned count);

  static void put16(std::uint8_t* at, std::uint16_t value) {
    const std::uint16_t big = rte_cpu_to_be_16(value);
    std::memcpy(at, &big, sizeof(big));
  }

  const std::uint64_t new_each_;
  const std::uint64_t flows_;
  const std::uint64_t flood_;
  const bool tcp_;
  const std::uint32_t client_base_;
  const std::uint64_t period_;  // between two packets, in 1/kCycle cycles; 0: no rate
  std::uint64_t begin_ = 0;     // in cycles; 0: nobody has asked yet
  std::uint64_t due_ = 0;       // when the next packet comes, since the begin, in 1/kCycle cycles
  std::uint64_t begun_ = 0;     // flows that ever began
  std::uint64_t since_new_ = 0;
  std::uint64_t slot_ = 0;
  std::uint64_t renewed_ = 0;  // slots of this generation that have been given to a new flow
  std::uint64_t generation_ = 0;
  std::uint64_t flooded_ = 0;  // packets of the flood since the last of a flow
  std::uint64_t random_;       // xorshift64's state
  std::atomic<std::uint64_t> lost_{0};
  std::uint32_t header_sum_ = 0;  // of the IPv4 header without the client's address
  std::array<std::uint8_t, kFrameStart> template_{};
};

}  // namespace penstock::bench
