// Frames that tell the neighbours where a VIP lives from now on: gratuitous ARP and the unsolicited neighbour advertisement.
//
// Byte for byte what keepalived sends (vrrp_arp.c, vrrp_ndisc.c), so that switches and hosts that were tuned for it see nothing
// new. When and how often is not decided here.
#pragma once

#include <array>
#include <cstddef>

#include "dataplane/packet/ip_address.h"
#include "dataplane/packet/mac_address.h"

namespace penstock::vrrp {

// Ethernet header and ARP, without padding: 42 bytes.
using GratuitousArp = std::array<std::byte, 42>;
// Ethernet header, IPv6 header, neighbour advertisement and its link-layer address option: 86 bytes.
using NeighbourAdvertisement = std::array<std::byte, 86>;

// An ARP request (RFC 5227 section 3 "ARP Announcement") in which the sender and the target are the VIP, broadcast. The
// target's hardware address, which a request leaves open, is ff:ff:ff:ff:ff:ff as keepalived has it. `interface`: the MAC
// address that answers for the VIP (with use_vmac the virtual router's, RFC 9568 section 7.3).
[[nodiscard]] GratuitousArp gratuitous_arp(const packet::MacAddress& interface, packet::Ipv4Address vip);

// RFC 4861 section 7.2.6: to all nodes (ff02::1), from the VIP, with the override flag and the target's link-layer address.
// `is_router`: the interface forwards IPv6; neighbours that use it as a router drop it when the flag is missing (RFC 4861
// section 7.2.5).
[[nodiscard]] NeighbourAdvertisement unsolicited_neighbour_advertisement(const packet::MacAddress& interface,
                                                                         const packet::Ipv6Address& vip, bool is_router);

}  // namespace penstock::vrrp
