#include "vrrp/outgoing_advert.h"

#include "vrrp/advert.h"
#include "vrrp/advert_codec.h"
#include "vrrp/virtual_mac.h"

namespace penstock::vrrp {
namespace {

constexpr std::uint8_t kPassword = 1;                  // RFC 2338 section 5.3.6.2
constexpr packet::Ipv4Address kIpv4Group{0xe0000012};  // 224.0.0.18, section 5.1.1.2
constexpr packet::Ipv6Address kIpv6Group{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12}};  // ff02::12, 5.1.2.2

packet::IpAddress group_of(const InstanceSpec& spec) {
  if (spec.destination) return *spec.destination;
  return spec.family == packet::Family::kIpv4 ? packet::IpAddress{kIpv4Group} : packet::IpAddress{kIpv6Group};
}

Advert advert_of(const InstanceSpec& spec, std::uint8_t priority) {
  const bool pseudo_header = spec.family == packet::Family::kIpv6 || (spec.version == 3 && spec.pseudo_header);
  Advert advert{
      .family = spec.family,
      .version = spec.version,
      .virtual_router_id = spec.virtual_router_id,
      .priority = priority,
      .interval = spec.advert_interval,
      .checksum = pseudo_header ? ChecksumForm::kPseudoHeader : ChecksumForm::kMessage,
  };
  advert.addresses.reserve(spec.addresses.size());
  for (const VirtualAddress& address : spec.addresses) advert.addresses.push_back(address.address);
  if (spec.version == 2 && !spec.auth_pass.empty()) {
    advert.authentication_type = kPassword;
    advert.authentication = authentication_of(spec.auth_pass);
  }
  return advert;
}

}  // namespace

std::vector<SendFrame> outgoing_adverts(const InstanceSpec& spec, std::uint8_t priority, const packet::IpAddress& source,
                                        const packet::MacAddress& interface, std::uint16_t identification) {
  const Advert advert = advert_of(spec, priority);
  Envelope envelope{
      .source_mac = spec.virtual_mac && !spec.virtual_mac->transmit_base ? virtual_mac(spec) : interface,
      .source = source,
      .destination = group_of(spec),
      .ttl = kMulticastTtl,
      .identification = identification,
  };
  std::vector<SendFrame> frames;
  if (spec.unicast_peers.empty()) {
    envelope.destination_mac = multicast_mac_of(envelope.destination);
    frames.push_back({.interface = spec.interface, .frame = advert_frame(advert, envelope)});
    return frames;
  }
  envelope.ttl = spec.unicast_ttl;
  for (const UnicastPeer& peer : spec.unicast_peers) {
    envelope.destination = peer.address;
    frames.push_back({.interface = spec.interface, .frame = advert_frame(advert, envelope)});
  }
  return frames;
}

}  // namespace penstock::vrrp
