// Ethernet II and 802.1Q as they stand on the wire.
//
// The structs overlay packet memory at any address: each member is an array of bytes. A caller checks the length first.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/packet/big_endian.h"
#include "dataplane/packet/mac_address.h"

namespace penstock::packet {

// IEEE 802 numbers ("EtherType"). Plain constants, not an enum class: a switch over bytes from outside meets any value.
namespace ether_type {
inline constexpr std::uint16_t kIpv4 = 0x0800;
inline constexpr std::uint16_t kArp = 0x0806;
inline constexpr std::uint16_t kVlan = 0x8100;         // IEEE 802.1Q
inline constexpr std::uint16_t kServiceVlan = 0x88a8;  // IEEE 802.1ad, the outer tag of QinQ
inline constexpr std::uint16_t kIpv6 = 0x86dd;
}  // namespace ether_type

struct EthernetHeader {
  MacAddress destination;
  MacAddress source;
  Be16 ether_type;
};
static_assert(sizeof(EthernetHeader) == 14 && alignof(EthernetHeader) == 1);
static_assert(offsetof(EthernetHeader, source) == 6 && offsetof(EthernetHeader, ether_type) == 12);

// IEEE 802.1Q: what follows EthernetHeader when its ether_type is kVlan or kServiceVlan.
struct VlanTag {
  Be16 tag_control;  // 3 bits of priority, 1 of drop eligibility, 12 of VLAN id
  Be16 ether_type;   // of what follows

  [[nodiscard]] constexpr std::uint16_t vlan_id() const { return tag_control.value() & 0x0fff; }
};
static_assert(sizeof(VlanTag) == 4 && alignof(VlanTag) == 1);
static_assert(offsetof(VlanTag, ether_type) == 2);

// Frames shorter than this are padded by the sender (IEEE 802.3: 64 bytes with the 4 of the check sequence).
inline constexpr std::size_t kEthernetMinimumFrame = 60;

}  // namespace penstock::packet
