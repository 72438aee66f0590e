#include "control/vrrp/peer_delivery.h"

#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/ipv4.h"
#include "dataplane/packet/ipv6.h"
#include "dataplane/packet/overlay.h"

namespace penstock::control {

bool PeerDelivery::complete(std::span<std::byte> frame) {
  if (frame.size() < sizeof(packet::EthernetHeader) + sizeof(packet::Ipv4Header)) return false;
  auto& ethernet = packet::overlay<packet::EthernetHeader>(frame.data());
  if (!ethernet.destination.is_zero()) return true;
  const std::byte* const l3 = frame.data() + sizeof(packet::EthernetHeader);
  const auto& v4 = packet::overlay<packet::Ipv4Header>(l3);
  packet::IpAddress peer = v4.destination;
  if (v4.version() == 6) {
    if (frame.size() < sizeof(packet::EthernetHeader) + sizeof(packet::Ipv6Header)) return false;
    peer = packet::overlay<packet::Ipv6Header>(l3).destination;
  }
  const auto mac = macs_.find(peer);
  if (mac == macs_.end()) {
    ++without_way_;
    return false;
  }
  ethernet.destination = mac->second;
  return true;
}

}  // namespace penstock::control
