// Adverts with anything wrong in them: each field is what the test says, and what it doesn't say is right.
//
// The wire is written here without the codec, so that the codec is tested against it. version2() is one that the
// instance of instance() believes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/hex.h"
#include "vrrp/spec/instance_spec.h"

namespace penstock::test {

struct RawAdvert {
  std::string source = "10.77.0.3";
  std::string destination = "224.0.0.18";  // an IPv6 one makes it an IPv6 frame
  std::uint8_t ttl = 255;
  std::uint8_t version = 2;
  std::uint8_t type = 1;
  std::uint8_t virtual_router_id = 51;
  std::uint8_t priority = 100;
  std::optional<std::uint8_t> count{};  // else that of `addresses`
  std::uint8_t authentication_type = 1;
  std::uint16_t interval = 1;  // v2: seconds; v3: centiseconds and the reserved bits
  std::vector<std::string> addresses{"10.77.0.10"};
  std::string password = "password";  // v2: 8 bytes of it
  bool counts_pseudo_header = false;
  std::uint16_t checksum_error = 0;  // XORed on
  std::size_t cut = 0;               // bytes missing at the message's end
  std::size_t more = 0;              // bytes too many there
};

// As above. (A function, because g++-12 fails to compile RawAdvert{} in a generic lambda.)
[[nodiscard]] RawAdvert version2();
// From that address to 10.77.0.1.
[[nodiscard]] RawAdvert unicast(std::string source);
// Version 3 as keepalived's: a checksum with the pseudo header, an interval of 1 s.
[[nodiscard]] RawAdvert version3();
[[nodiscard]] RawAdvert version3_ipv6();

// A copy of `value` after `change` was applied to it.
template <class Value, class Change>
[[nodiscard]] Value changed(Value value, const Change& change) {
  change(value);
  return value;
}

// The message alone, and in its frame.
[[nodiscard]] Bytes message_of(const RawAdvert& advert);
[[nodiscard]] Bytes frame_of(const RawAdvert& advert);
// With an AH header of 24 bytes in front of the message.
[[nodiscard]] Bytes frame_with_ah(const RawAdvert& advert);

// VI_1, VRID 51, priority 150, 10.77.0.10; version 2 with the password "password".
[[nodiscard]] vrrp::InstanceSpec instance();
// With the peers 10.77.0.3, of TTL 254 only, and 10.77.0.4.
[[nodiscard]] vrrp::InstanceSpec instance_with_peers();
// The first in version 3, for version3() and version3_ipv6().
[[nodiscard]] vrrp::InstanceSpec instance3();
[[nodiscard]] vrrp::InstanceSpec instance3_ipv6();

}  // namespace penstock::test
