// The IPv4 header, RFC 791 section 3.1.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/packet/big_endian.h"
#include "dataplane/packet/ip_address.h"
#include "dataplane/packet/ip_protocol.h"

namespace penstock::packet {

// Without options, which follow it: header_length() says how many bytes in all.
struct Ipv4Header {
  std::uint8_t version_ihl;      // 4 bits of version, 4 of header length in units of 4 bytes
  std::uint8_t type_of_service;  // DSCP and ECN since RFC 2474 and RFC 3168
  Be16 total_length;             // header and data, in bytes
  Be16 identification;
  Be16 flags_fragment_offset;  // 3 bits of flags, 13 of offset in units of 8 bytes
  std::uint8_t time_to_live;
  std::uint8_t protocol;  // ip_protocol
  Be16 header_checksum;
  Ipv4Address source;
  Ipv4Address destination;

  static constexpr std::uint16_t kDontFragment = 0x4000;
  static constexpr std::uint16_t kMoreFragments = 0x2000;
  static constexpr std::uint16_t kFragmentOffsetMask = 0x1fff;

  [[nodiscard]] constexpr unsigned version() const { return version_ihl >> 4; }
  // In bytes, options included: 0 to 60. Under 20 is invalid, and nothing here checks it.
  [[nodiscard]] constexpr unsigned header_length() const { return (version_ihl & 0x0fU) * 4U; }
  [[nodiscard]] constexpr bool dont_fragment() const { return (flags_fragment_offset.value() & kDontFragment) != 0; }
  [[nodiscard]] constexpr bool more_fragments() const { return (flags_fragment_offset.value() & kMoreFragments) != 0; }
  // Where this fragment's data begins in the datagram, in bytes: 0 to 65,528.
  [[nodiscard]] constexpr unsigned fragment_offset() const {
    return (flags_fragment_offset.value() & kFragmentOffsetMask) * 8U;
  }
  // Any fragment, the first included.
  [[nodiscard]] constexpr bool is_fragment() const {
    return (flags_fragment_offset.raw() & Be16{kMoreFragments | kFragmentOffsetMask}.raw()) != 0;
  }
  // A fragment after the first: it has no transport header.
  [[nodiscard]] constexpr bool is_later_fragment() const { return (flags_fragment_offset.value() & kFragmentOffsetMask) != 0; }
};
static_assert(sizeof(Ipv4Header) == 20 && alignof(Ipv4Header) == 1);
static_assert(offsetof(Ipv4Header, total_length) == 2 && offsetof(Ipv4Header, identification) == 4);
static_assert(offsetof(Ipv4Header, flags_fragment_offset) == 6 && offsetof(Ipv4Header, time_to_live) == 8);
static_assert(offsetof(Ipv4Header, protocol) == 9 && offsetof(Ipv4Header, header_checksum) == 10);
static_assert(offsetof(Ipv4Header, source) == 12 && offsetof(Ipv4Header, destination) == 16);

// Type octets of IPv4 options, RFC 791 section 3.1.
namespace ipv4_option {
inline constexpr std::uint8_t kEnd = 0;
inline constexpr std::uint8_t kNoOperation = 1;
inline constexpr std::uint8_t kRecordRoute = 7;
inline constexpr std::uint8_t kTimestamp = 68;
inline constexpr std::uint8_t kLooseSourceRoute = 131;
inline constexpr std::uint8_t kStrictSourceRoute = 137;
inline constexpr std::uint8_t kRouterAlert = 148;  // RFC 2113
}  // namespace ipv4_option

// 224.0.0.0/4, RFC 5771.
[[nodiscard]] constexpr bool is_multicast(Ipv4Address address) { return (address.value() >> 28) == 0xe; }
// 255.255.255.255, RFC 919. A subnet's own broadcast address can't be told from the address alone.
[[nodiscard]] constexpr bool is_limited_broadcast(Ipv4Address address) { return address.value() == 0xffff'ffff; }
// 127.0.0.0/8, RFC 1122 section 3.2.1.3 (g).
[[nodiscard]] constexpr bool is_loopback(Ipv4Address address) { return (address.value() >> 24) == 127; }
// 0.0.0.0/8, "this host on this network", RFC 1122 section 3.2.1.3 (a) and (b): only ever a source, and never one to answer.
[[nodiscard]] constexpr bool is_this_network(Ipv4Address address) { return (address.value() >> 24) == 0; }

}  // namespace penstock::packet
