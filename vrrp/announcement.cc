#include "vrrp/announcement.h"

#include <bit>

#include "dataplane/packet/arp.h"
#include "dataplane/packet/checksum.h"
#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/icmp.h"
#include "dataplane/packet/ipv6.h"

namespace penstock::vrrp {
namespace {

using namespace packet;

constexpr Ipv6Address kAllNodes{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};  // RFC 4291 section 2.7.1
constexpr MacAddress kAllNodesMac{{0x33, 0x33, 0, 0, 0, 1}};                              // RFC 2464 section 7
constexpr std::uint8_t kHopLimit = 255;  // RFC 4861 section 7.1.2: proves that no router stood between

struct ArpFrame {
  EthernetHeader ethernet;
  ArpHeader arp;
};
static_assert(sizeof(ArpFrame) == sizeof(GratuitousArp));

struct AdvertisementMessage {
  NeighbourMessage advertisement;
  LinkLayerAddressOption option;
};
struct AdvertisementFrame {
  EthernetHeader ethernet;
  Ipv6Header ip;
  AdvertisementMessage message;
};
static_assert(sizeof(AdvertisementFrame) == sizeof(NeighbourAdvertisement));

}  // namespace

GratuitousArp gratuitous_arp(const MacAddress& interface, Ipv4Address vip) {
  return std::bit_cast<GratuitousArp>(ArpFrame{
      .ethernet = {.destination = kBroadcastMac, .source = interface, .ether_type = Be16{ether_type::kArp}},
      .arp = {.hardware_type = Be16{kArpHardwareEthernet},
              .protocol_type = Be16{ether_type::kIpv4},
              .hardware_length = sizeof(MacAddress),
              .protocol_length = sizeof(Ipv4Address),
              .operation = Be16{arp_operation::kRequest},
              .sender_hardware = interface,
              .sender_protocol = vip,
              .target_hardware = kBroadcastMac,
              .target_protocol = vip},
  });
}

NeighbourAdvertisement unsolicited_neighbour_advertisement(const MacAddress& interface, const Ipv6Address& vip,
                                                           bool is_router) {
  const std::uint32_t flags = NeighbourMessage::kOverride | (is_router ? NeighbourMessage::kRouter : 0);
  AdvertisementMessage message{
      .advertisement =
          {.type = icmpv6_type::kNeighbourAdvertisement, .code = 0, .checksum = {}, .flags = Be32{flags}, .target = vip},
      .option = {.type = LinkLayerAddressOption::kTarget, .length = 1, .address = interface},
  };
  OnesComplementSum sum = pseudo_header(vip, kAllNodes, ip_protocol::kIcmpv6, sizeof(message));
  sum.add(std::as_bytes(std::span{&message, 1}));
  message.advertisement.checksum = sum.checksum();

  return std::bit_cast<NeighbourAdvertisement>(AdvertisementFrame{
      .ethernet = {.destination = kAllNodesMac, .source = interface, .ether_type = Be16{ether_type::kIpv6}},
      .ip = {.version_class_flow = Be32{6U << 28U},
             .payload_length = Be16{sizeof(message)},
             .next_header = ip_protocol::kIcmpv6,
             .hop_limit = kHopLimit,
             .source = vip,
             .destination = kAllNodes},
      .message = message,
  });
}

}  // namespace penstock::vrrp
