// The advert of an instance as the frames that carry it: one to the multicast group, or one to each unicast peer.
#pragma once

#include <cstdint>
#include <vector>

#include "vrrp/router.h"

namespace penstock::vrrp {

// `interface`: the MAC address of the instance's interface; with use_vmac the virtual router's own is the source instead.
// `priority`: Advert::kResigns, or the effective one.
[[nodiscard]] std::vector<SendFrame> outgoing_adverts(const InstanceSpec& spec, std::uint8_t priority,
                                                      const packet::IpAddress& source, const packet::MacAddress& interface,
                                                      std::uint16_t identification);

}  // namespace penstock::vrrp
