// The VRRP message as it stands on the wire, for those who read it: RFC 3768 section 5.1 and RFC 9568 section 5.1.
//
// The two versions share the first four bytes and the checksum's place. Behind the header come the addresses, and with version
// 2 always 8 bytes of authentication. A caller checks the length first.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/packet/big_endian.h"
#include "dataplane/packet/ip_address.h"

namespace penstock::packet {

struct AdvertHeader {
  std::uint8_t version_type;  // 4 bits each
  std::uint8_t virtual_router_id;
  std::uint8_t priority;
  std::uint8_t address_count;
  // Version 2: the authentication's type, then the interval in seconds. Version 3: 4 reserved bits, 12 of centiseconds.
  Be16 interval;
  Be16 checksum;

  static constexpr std::uint8_t kAdvertisement = 1;  // the only type
  static constexpr std::uint16_t kCentisecondsMask = 0x0fff;

  [[nodiscard]] constexpr unsigned version() const { return version_type >> 4; }
  [[nodiscard]] constexpr unsigned type() const { return version_type & 0x0fU; }
  [[nodiscard]] constexpr std::uint8_t authentication_type() const { return static_cast<std::uint8_t>(interval.value() >> 8); }
  [[nodiscard]] constexpr unsigned seconds() const { return interval.value() & 0xffU; }
  [[nodiscard]] constexpr unsigned centiseconds() const { return interval.value() & kCentisecondsMask; }
};
static_assert(sizeof(AdvertHeader) == 8 && alignof(AdvertHeader) == 1);
static_assert(offsetof(AdvertHeader, interval) == 4 && offsetof(AdvertHeader, checksum) == 6);

inline constexpr std::size_t kAuthenticationSize = 8;

[[nodiscard]] constexpr std::size_t address_size(Family family) { return family == Family::kIpv4 ? 4 : 16; }

// What a message must be long, in bytes. keepalived's version 2 over IPv6 (which no RFC knows) has no authentication.
[[nodiscard]] constexpr std::size_t message_size(Family family, unsigned version, std::size_t address_count) {
  const bool has_authentication = version == 2 && family == Family::kIpv4;
  return sizeof(AdvertHeader) + address_count * address_size(family) + (has_authentication ? kAuthenticationSize : 0);
}

}  // namespace penstock::packet
