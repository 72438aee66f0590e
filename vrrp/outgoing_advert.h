// The advert of an instance as the frames that carry it: one to the multicast group, or one to each unicast peer.
#pragma once

#include <cstdint>
#include <vector>

#include "vrrp/router.h"

namespace penstock::vrrp {

// The virtual router's MAC address: the configured one, else 00-00-5E-00-01-{VRID}, for IPv6 00-00-5E-00-02-{VRID} (RFC 9568
// section 7.3). Precondition: spec.virtual_mac.
[[nodiscard]] packet::MacAddress virtual_mac(const InstanceSpec& spec);

// `interface`: the MAC address of the instance's interface; with use_vmac the virtual router's own is the source instead.
// `priority`: Advert::kResigns, or the effective one.
[[nodiscard]] std::vector<SendFrame> outgoing_adverts(const InstanceSpec& spec, std::uint8_t priority,
                                                      const packet::IpAddress& source, const packet::MacAddress& interface,
                                                      std::uint16_t identification);

}  // namespace penstock::vrrp
