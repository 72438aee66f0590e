#include "dataplane/packet/address_claim.h"

#include "dataplane/packet/arp.h"
#include "dataplane/packet/checksum.h"
#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/icmp.h"
#include "dataplane/packet/ip_protocol.h"
#include "dataplane/packet/ipv6.h"
#include "dataplane/packet/overlay.h"

namespace penstock::packet {
namespace {

using Claim = std::optional<AddressClaim>;
using Bytes = std::span<const std::byte>;

Claim of_arp(Bytes bytes) {
  if (bytes.size() < sizeof(ArpHeader)) return {};
  const auto& arp = overlay<ArpHeader>(bytes.data());
  if (arp.hardware_type.value() != kArpHardwareEthernet || arp.protocol_type.value() != ether_type::kIpv4) return {};
  if (arp.hardware_length != sizeof(MacAddress) || arp.protocol_length != sizeof(Ipv4Address)) return {};
  const std::uint16_t operation = arp.operation.value();
  if (operation != arp_operation::kRequest && operation != arp_operation::kReply) return {};
  if (arp.sender_protocol == Ipv4Address{} || arp.sender_hardware.is_group() || arp.sender_hardware.is_zero()) return {};
  return AddressClaim{arp.sender_protocol, arp.sender_hardware};
}

// Whether the options are whole; `target` becomes the target's link-layer address where one is named.
bool read_options(Bytes options, MacAddress& target) {
  while (!options.empty()) {
    if (options.size() < 8) return false;
    const auto length = std::to_integer<std::size_t>(options[1]) * 8;
    if (length == 0 || length > options.size()) return false;
    const auto& option = overlay<LinkLayerAddressOption>(options.data());
    if (option.type == LinkLayerAddressOption::kTarget) target = option.address;
    options = options.subspan(length);
  }
  return true;
}

Claim of_advertisement(Bytes bytes, const MacAddress& sender) {
  if (bytes.size() < sizeof(Ipv6Header)) return {};
  const auto& ip = overlay<Ipv6Header>(bytes.data());
  const std::size_t length = ip.payload_length.value();
  if (ip.version() != 6 || ip.next_header != ip_protocol::kIcmpv6 || ip.hop_limit != 255) return {};
  if (length < sizeof(NeighbourMessage) || bytes.size() - sizeof(Ipv6Header) < length) return {};
  const Bytes message = bytes.subspan(sizeof(Ipv6Header), length);
  const auto& advertisement = overlay<NeighbourMessage>(message.data());
  if (advertisement.type != icmpv6_type::kNeighbourAdvertisement || advertisement.code != 0) return {};
  const bool is_solicited = (advertisement.flags.value() & NeighbourMessage::kSolicited) != 0;
  if (is_solicited && is_multicast(ip.destination)) return {};
  if (is_multicast(advertisement.target) || !icmpv6_checksum_ok(ip.source, ip.destination, message)) return {};
  MacAddress mac = sender;
  if (!read_options(message.subspan(sizeof(NeighbourMessage)), mac)) return {};
  if (mac.is_group() || mac.is_zero()) return {};
  return AddressClaim{advertisement.target, mac};
}

}  // namespace

std::optional<AddressClaim> address_claim_of(std::span<const std::byte> frame) {
  if (frame.size() < sizeof(EthernetHeader)) return {};
  const auto& ethernet = overlay<EthernetHeader>(frame.data());
  const Bytes payload = frame.subspan(sizeof(EthernetHeader));
  switch (ethernet.ether_type.value()) {
    case ether_type::kArp: return of_arp(payload);
    case ether_type::kIpv6: return of_advertisement(payload, ethernet.source);
    default: return {};
  }
}

}  // namespace penstock::packet
