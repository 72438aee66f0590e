// The IPv6 header and its extension headers, RFC 8200 sections 3 and 4.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/packet/big_endian.h"
#include "dataplane/packet/ip_address.h"
#include "dataplane/packet/ip_protocol.h"

namespace penstock::packet {

// RFC 8200 section 3.
struct Ipv6Header {
  Be32 version_class_flow;   // 4 bits of version, 8 of traffic class, 20 of flow label
  Be16 payload_length;       // all after this header, extension headers included, in bytes
  std::uint8_t next_header;  // ip_protocol
  std::uint8_t hop_limit;
  Ipv6Address source;
  Ipv6Address destination;

  [[nodiscard]] constexpr unsigned version() const { return version_class_flow.value() >> 28; }
  [[nodiscard]] constexpr std::uint8_t traffic_class() const { return (version_class_flow.value() >> 20) & 0xff; }
  [[nodiscard]] constexpr std::uint32_t flow_label() const { return version_class_flow.value() & 0x000f'ffff; }
};
static_assert(sizeof(Ipv6Header) == 40 && alignof(Ipv6Header) == 1);
static_assert(offsetof(Ipv6Header, payload_length) == 4 && offsetof(Ipv6Header, next_header) == 6);
static_assert(offsetof(Ipv6Header, hop_limit) == 7);
static_assert(offsetof(Ipv6Header, source) == 8 && offsetof(Ipv6Header, destination) == 24);

// RFC 8200 section 4.2 and RFC 6564: how every extension header but Fragment and Authentication begins.
struct Ipv6ExtensionHeader {
  std::uint8_t next_header;
  std::uint8_t length;  // in units of 8 bytes, the first 8 not counted

  [[nodiscard]] constexpr unsigned size() const { return (length + 1U) * 8U; }  // in bytes: 8 to 2048
};
static_assert(sizeof(Ipv6ExtensionHeader) == 2 && alignof(Ipv6ExtensionHeader) == 1);

// RFC 8200 section 4.5.
struct Ipv6FragmentHeader {
  std::uint8_t next_header;
  std::uint8_t reserved;
  Be16 offset_more;  // 13 bits of offset in units of 8 bytes, 2 reserved, 1 "more fragments"
  Be32 identification;

  static constexpr std::uint16_t kMoreFragments = 0x0001;
  static constexpr std::uint16_t kFragmentOffsetMask = 0xfff8;

  [[nodiscard]] constexpr bool more_fragments() const { return (offset_more.value() & kMoreFragments) != 0; }
  // Where this fragment's data begins in the fragmentable part, in bytes: the unit of 8 bytes falls out of the bits' position.
  [[nodiscard]] constexpr unsigned fragment_offset() const { return offset_more.value() & kFragmentOffsetMask; }
  // RFC 6946: neither an offset nor "more": an atomic fragment, a whole datagram.
  [[nodiscard]] constexpr bool is_atomic() const { return (offset_more.value() & (kMoreFragments | kFragmentOffsetMask)) == 0; }
};
static_assert(sizeof(Ipv6FragmentHeader) == 8 && alignof(Ipv6FragmentHeader) == 1);
static_assert(offsetof(Ipv6FragmentHeader, offset_more) == 2 && offsetof(Ipv6FragmentHeader, identification) == 4);

// RFC 8200 section 5: each link carries packets of this size, so it is also the most that an ICMPv6 error may have.
inline constexpr std::size_t kIpv6MinimumMtu = 1280;

// ff00::/8, RFC 4291 section 2.7.
[[nodiscard]] constexpr bool is_multicast(const Ipv6Address& address) { return address.bytes[0] == 0xff; }
// ::, RFC 4291 section 2.5.2.
[[nodiscard]] constexpr bool is_unspecified(const Ipv6Address& address) { return address == Ipv6Address{}; }
// ::1, RFC 4291 section 2.5.3.
[[nodiscard]] constexpr bool is_loopback(const Ipv6Address& address) {
  return address == Ipv6Address{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
}
// fe80::/10, RFC 4291 section 2.5.6.
[[nodiscard]] constexpr bool is_link_local(const Ipv6Address& address) {
  return address.bytes[0] == 0xfe && (address.bytes[1] & 0xc0) == 0x80;
}

}  // namespace penstock::packet
