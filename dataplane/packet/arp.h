// ARP for IPv4 over Ethernet, RFC 826.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/packet/big_endian.h"
#include "dataplane/packet/ip_address.h"
#include "dataplane/packet/mac_address.h"

namespace penstock::packet {

namespace arp_operation {
inline constexpr std::uint16_t kRequest = 1;
inline constexpr std::uint16_t kReply = 2;
}  // namespace arp_operation

inline constexpr std::uint16_t kArpHardwareEthernet = 1;

// RFC 826's "Packet format" with lengths of 6 and 4: the only ones on Ethernet.
struct ArpHeader {
  Be16 hardware_type;            // ar$hrd
  Be16 protocol_type;            // ar$pro: an EtherType
  std::uint8_t hardware_length;  // ar$hln: 6
  std::uint8_t protocol_length;  // ar$pln: 4
  Be16 operation;                // ar$op
  MacAddress sender_hardware;    // ar$sha
  Ipv4Address sender_protocol;   // ar$spa
  MacAddress target_hardware;    // ar$tha
  Ipv4Address target_protocol;   // ar$tpa
};
static_assert(sizeof(ArpHeader) == 28 && alignof(ArpHeader) == 1);
static_assert(offsetof(ArpHeader, operation) == 6 && offsetof(ArpHeader, sender_hardware) == 8);
static_assert(offsetof(ArpHeader, sender_protocol) == 14 && offsetof(ArpHeader, target_hardware) == 18);
static_assert(offsetof(ArpHeader, target_protocol) == 24);

}  // namespace penstock::packet
