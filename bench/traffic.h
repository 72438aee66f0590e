// Traffic for the benchmarks: frames of many flows in one arena, as mbufs lie in a pool, and the services that they are for.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/core/frame.h"
#include "dataplane/core/snapshot.h"
#include "dataplane/packet/ip_address.h"
#include "dataplane/packet/mac_address.h"

namespace penstock::bench {

inline constexpr packet::MacAddress kPortMac{{2, 0, 0, 0, 0, 0x0d}};
// Of a virtual router, by its VRID.
[[nodiscard]] constexpr packet::MacAddress virtual_mac(unsigned vrid) {
  return {{0, 0, 0x5e, 0, 1, static_cast<std::uint8_t>(vrid)}};
}

// A copy of one template frame for each slot; a flow is written into a slot's frame before it is used, as the NIC would. So the
// frames' own memory stays in the cache and the tables' memory is what is measured.
class Traffic {
 public:
  static constexpr std::size_t kFrameSize = 64;  // the smallest on Ethernet, without its check sequence padded to a line

  // TCP to the VIP with these flags, by the port's own MAC address or another one.
  explicit Traffic(std::uint8_t tcp_flags, const packet::MacAddress& to = kPortMac);

  // Makes burst()[slot] a packet of this flow (a client address of its own for each 256 flows), with the TTL as received.
  void write_flow(std::size_t slot, std::uint32_t flow);
  [[nodiscard]] std::array<core::Frame, core::kBurst>& burst() { return frames_; }

 private:
  alignas(64) std::array<std::array<std::byte, 2 * kFrameSize>, core::kBurst> memory_{};
  std::array<core::Frame, core::kBurst> frames_{};
  packet::MacAddress to_;
  std::uint32_t base_sum_ = 0;  // of the IP header without the client's address
};

[[nodiscard]] packet::Ipv4Address vip();
inline constexpr std::uint16_t kPort = 80;

// One service over `servers` real servers, and `others` services beside it; virtual routers with VRIDs 1 to `virtual_routers`
// are master here.
[[nodiscard]] std::unique_ptr<const core::Snapshot> snapshot_for(unsigned servers, core::SchedulerKind scheduler,
                                                                 unsigned others = 0, unsigned virtual_routers = 0);

// Flow numbers below `flows` (a power of two) in an order without stride, the same each time: next(), again and again.
class FlowOrder {
 public:
  explicit FlowOrder(std::uint32_t flows) : mask_{flows - 1} {}
  std::uint32_t next() { return (state_ = state_ * 1'664'525 + 1'013'904'223) >> 7 & mask_; }

 private:
  std::uint32_t mask_;
  std::uint32_t state_ = 1;
};

}  // namespace penstock::bench
