// One worker's way out: a queue on each port, and packets gathered to bursts before them.
//
// Urgent packets that a device has no room for stay here and get the first places that become free: until then what is
// gathered for that port is given up, so that no amount of other traffic is in their way.
#pragma once

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <utility>

#include "dataplane/core/frame.h"

namespace penstock::dpdk {

// Worker-owned.
class Transmitter {
 public:
  // Where packets for `port` leave. @pre before the first send; no other thread uses this queue.
  void attach(core::PortIndex port, std::uint16_t device, std::uint16_t queue) {
    buffers_[port].device = device;
    buffers_[port].queue = queue;
    if (port >= ports_) ports_ = port + 1U;
  }

  // Takes the packet; it leaves with the burst.
  // @return how many packets the device had no room for and were freed.
  [[nodiscard]] unsigned send(core::PortIndex port, rte_mbuf* packet) {
    Buffer& buffer = buffers_[port];
    buffer.packets[buffer.count++] = packet;
    return buffer.count == core::kBurst ? flush(buffer) : 0;
  }

  // The same for packets of a burst, core::kBurst at most, in their order. A full burst waits for no others.
  [[nodiscard]] unsigned send(core::PortIndex port, std::span<rte_mbuf*> packets) {
    Buffer& buffer = buffers_[port];
    if (packets.size() == core::kBurst && buffer.count == 0) return transmit(buffer, packets);
    const std::size_t before = std::min(packets.size(), core::kBurst - buffer.count);
    std::ranges::copy(packets.first(before), buffer.packets.begin() + buffer.count);
    buffer.count = static_cast<std::uint16_t>(buffer.count + before);
    if (buffer.count < core::kBurst) return 0;
    const unsigned freed = flush(buffer);
    std::ranges::copy(packets.subspan(before), buffer.packets.begin());
    buffer.count = static_cast<std::uint16_t>(packets.size() - before);
    return freed;
  }

  // At most core::kBurst, past all gathered packets, at once or as soon as the device has room. @pre takes_urgent().
  void send_urgent(core::PortIndex port, std::span<rte_mbuf* const> packets) {
    Buffer& buffer = buffers_[port];
    std::ranges::copy(packets, buffer.urgent.begin());
    buffer.urgent_count = static_cast<std::uint16_t>(packets.size());
    (void)takes_urgent(buffer);
  }
  // Whether no urgent packet waits for the port any more; tries those that do.
  [[nodiscard]] bool takes_urgent(core::PortIndex port) { return takes_urgent(buffers_[port]); }
  // Frees the urgent packets that still wait.
  void give_up_urgent() {
    for (Buffer& buffer : buffers_) {
      rte_pktmbuf_free_bulk(buffer.urgent.data(), std::exchange(buffer.urgent_count, std::uint16_t{0}));
    }
  }

  // Sends what is gathered, on all ports. @return as send().
  [[nodiscard]] unsigned flush_all() {
    unsigned freed = 0;
    for (unsigned port = 0; port < ports_; ++port) {
      if (buffers_[port].count > 0) freed += flush(buffers_[port]);
    }
    return freed;
  }

  // Packets that devices have taken, since the last call.
  [[nodiscard]] std::uint64_t take_sent() { return std::exchange(sent_, 0); }

 private:
  struct alignas(64) Buffer {
    std::array<rte_mbuf*, core::kBurst> packets;  // [0, count)
    std::uint16_t count = 0;
    std::uint16_t device = 0;
    std::uint16_t queue = 0;
    std::uint16_t urgent_count = 0;
    std::array<rte_mbuf*, core::kBurst> urgent;  // [0, urgent_count) wait
  };

  [[nodiscard]] bool takes_urgent(Buffer& buffer) {
    if (buffer.urgent_count == 0) return true;
    const std::uint16_t sent = rte_eth_tx_burst(buffer.device, buffer.queue, buffer.urgent.data(), buffer.urgent_count);
    std::shift_left(buffer.urgent.begin(), buffer.urgent.begin() + buffer.urgent_count, sent);
    buffer.urgent_count -= sent;
    sent_ += sent;
    return buffer.urgent_count == 0;
  }
  unsigned flush(Buffer& buffer) {
    return transmit(buffer, std::span{buffer.packets}.first(std::exchange(buffer.count, std::uint16_t{0})));
  }
  // @return how many the device had no room for and were freed.
  unsigned transmit(Buffer& buffer, std::span<rte_mbuf*> packets) {
    const auto count = static_cast<std::uint16_t>(packets.size());
    const bool has_room = takes_urgent(buffer);
    const std::uint16_t sent =
        has_room ? rte_eth_tx_burst(buffer.device, buffer.queue, packets.data(), count) : std::uint16_t{0};
    sent_ += sent;
    if (sent == count) [[likely]]
      return 0;
    rte_pktmbuf_free_bulk(packets.data() + sent, count - sent);
    return count - sent;
  }

  std::array<Buffer, core::kMaxPorts> buffers_{};
  unsigned ports_ = 0;
  std::uint64_t sent_ = 0;
};

}  // namespace penstock::dpdk
