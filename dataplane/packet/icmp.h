// ICMP for IPv4 (RFC 792, RFC 1191) and for IPv6 (RFC 4443), and IPv6 neighbour discovery (RFC 4861): the messages that a load
// balancer meets.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/packet/big_endian.h"
#include "dataplane/packet/ip_address.h"
#include "dataplane/packet/mac_address.h"

namespace penstock::packet {

// RFC 792.
namespace icmp_type {
inline constexpr std::uint8_t kEchoReply = 0;
inline constexpr std::uint8_t kDestinationUnreachable = 3;
inline constexpr std::uint8_t kSourceQuench = 4;
inline constexpr std::uint8_t kRedirect = 5;
inline constexpr std::uint8_t kEchoRequest = 8;
inline constexpr std::uint8_t kTimeExceeded = 11;
inline constexpr std::uint8_t kParameterProblem = 12;
}  // namespace icmp_type

// RFC 792 and RFC 1122 section 3.2.2.1.
namespace icmp_code {
inline constexpr std::uint8_t kHostUnreachable = 1;
inline constexpr std::uint8_t kPortUnreachable = 3;
inline constexpr std::uint8_t kFragmentationNeeded = 4;
inline constexpr std::uint8_t kTtlExceededInTransit = 0;
}  // namespace icmp_code

// RFC 4443 and RFC 4861.
namespace icmpv6_type {
inline constexpr std::uint8_t kDestinationUnreachable = 1;
inline constexpr std::uint8_t kPacketTooBig = 2;
inline constexpr std::uint8_t kTimeExceeded = 3;
inline constexpr std::uint8_t kParameterProblem = 4;
inline constexpr std::uint8_t kLastError = 127;  // the high bit of a type tells information from errors
inline constexpr std::uint8_t kEchoRequest = 128;
inline constexpr std::uint8_t kEchoReply = 129;
inline constexpr std::uint8_t kRouterSolicitation = 133;
inline constexpr std::uint8_t kRouterAdvertisement = 134;
inline constexpr std::uint8_t kNeighbourSolicitation = 135;
inline constexpr std::uint8_t kNeighbourAdvertisement = 136;
inline constexpr std::uint8_t kRedirect = 137;
}  // namespace icmpv6_type

// RFC 4443.
namespace icmpv6_code {
inline constexpr std::uint8_t kAddressUnreachable = 3;
inline constexpr std::uint8_t kPortUnreachable = 4;
inline constexpr std::uint8_t kHopLimitExceeded = 0;
}  // namespace icmpv6_code

// What every ICMP and ICMPv6 message that is used here begins with. In errors the quoted packet follows.
struct IcmpHeader {
  std::uint8_t type;
  std::uint8_t code;
  Be16 checksum;
  // Echo: identifier and sequence number. Fragmentation needed: 16 unused bits and the MTU (RFC 1191 section 4). Packet too
  // big: the MTU (RFC 4443 section 3.2). Other errors: unused.
  Be32 rest;

  [[nodiscard]] constexpr std::uint16_t echo_identifier() const { return static_cast<std::uint16_t>(rest.value() >> 16); }
  [[nodiscard]] constexpr std::uint16_t echo_sequence() const { return static_cast<std::uint16_t>(rest.value()); }
  // RFC 1191's "Next-Hop MTU": 0 from routers older than it.
  [[nodiscard]] constexpr std::uint16_t next_hop_mtu() const { return static_cast<std::uint16_t>(rest.value()); }
};
static_assert(sizeof(IcmpHeader) == 8 && alignof(IcmpHeader) == 1);
static_assert(offsetof(IcmpHeader, code) == 1 && offsetof(IcmpHeader, checksum) == 2 && offsetof(IcmpHeader, rest) == 4);

// RFC 4861 sections 4.3 (solicitation, whose flags are reserved bits) and 4.4 (advertisement). Options follow.
struct NeighbourMessage {
  std::uint8_t type;
  std::uint8_t code;
  Be16 checksum;
  Be32 flags;
  Ipv6Address target;

  static constexpr std::uint32_t kRouter = 0x8000'0000;
  static constexpr std::uint32_t kSolicited = 0x4000'0000;
  static constexpr std::uint32_t kOverride = 0x2000'0000;
};
static_assert(sizeof(NeighbourMessage) == 24 && alignof(NeighbourMessage) == 1);
static_assert(offsetof(NeighbourMessage, flags) == 4 && offsetof(NeighbourMessage, target) == 8);

// RFC 4861 section 4.6.1, for Ethernet (RFC 2464 section 6).
struct LinkLayerAddressOption {
  std::uint8_t type;
  std::uint8_t length;  // in units of 8 bytes: 1
  MacAddress address;

  static constexpr std::uint8_t kSource = 1;
  static constexpr std::uint8_t kTarget = 2;
};
static_assert(sizeof(LinkLayerAddressOption) == 8 && alignof(LinkLayerAddressOption) == 1);
static_assert(offsetof(LinkLayerAddressOption, address) == 2);

}  // namespace penstock::packet
