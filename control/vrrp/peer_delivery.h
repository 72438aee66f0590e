// The last step of an advert to a unicast peer: the MAC address of its next hop, which control keeps resolved.
//
// Owned by the VRRP thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <utility>

#include "dataplane/packet/ip_address.h"
#include "dataplane/packet/mac_address.h"

namespace penstock::control {

class PeerDelivery {
 public:
  void set(std::unordered_map<packet::IpAddress, packet::MacAddress> macs) { macs_ = std::move(macs); }
  // Fills in the destination of a frame whose is zero; others stay as they are. False (counted): no way to that peer is known.
  bool complete(std::span<std::byte> frame);
  [[nodiscard]] std::uint64_t without_way() const { return without_way_; }

 private:
  std::unordered_map<packet::IpAddress, packet::MacAddress> macs_;
  std::uint64_t without_way_ = 0;
};

}  // namespace penstock::control
