// The addresses of virtual routers without Accept_Mode (RFC 9568 section 6.1; keepalived's no_accept and strict mode): who is
// master forwards what is sent to their services, but doesn't answer for them itself.
//
// keepalived has a firewall rule drop what comes for them, and IPVS's packets with it; here only what was on its way to the
// kernel is dropped. ARP and neighbour discovery are answered. Control-owned.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_set>

#include "dataplane/packet/ip_address.h"
#include "vrrp/spec/instance_spec.h"

namespace penstock::control {

class SilentAddresses {
 public:
  // The instances of the configuration in force.
  void apply(std::span<const vrrp::InstanceSpec> instances);

  // Asked about each frame for the kernel that is neither an advert, nor ARP, nor neighbour discovery: false: it goes to such
  // an address, and was counted.
  [[nodiscard]] bool may_accept(std::span<const std::byte> frame);

  // Frames, since the start.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  std::unordered_set<packet::IpAddress> addresses_;
  std::uint64_t dropped_ = 0;
};

}  // namespace penstock::control
