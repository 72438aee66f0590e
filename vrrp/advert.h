// A VRRP advertisement as values, and the frame it travels in.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "dataplane/packet/ip_address.h"
#include "dataplane/packet/mac_address.h"
#include "vrrp/spec/instance_spec.h"

namespace penstock::vrrp {

// What an advert's checksum covers: the message alone (version 2, and 3 for IPv4 as RFC 9568 has it), or the pseudo header as
// well (version 3 as RFC 5798 has it; IPv6 always).
enum class ChecksumForm : std::uint8_t { kMessage, kPseudoHeader };

struct Advert {
  static constexpr std::uint8_t kResigns = 0;  // a priority: the sender has stopped being master

  packet::Family family = packet::Family::kIpv4;
  std::uint8_t version = 2;
  std::uint8_t virtual_router_id = 0;
  std::uint8_t priority = 0;
  Duration interval{1'000'000};                // v2: 0..255 s; v3: 0..40.95 s in steps of 10 ms
  std::vector<packet::IpAddress> addresses{};  // of `family`, at most 255; to send: most_addresses()
  std::uint8_t authentication_type = 0;        // v2: 0 none, 1 password, 2 AH; v3: always 0
  std::array<std::byte, 8> authentication{};   // v2: the password; zero without one
  ChecksumForm checksum = ChecksumForm::kMessage;

  friend bool operator==(const Advert&, const Advert&) = default;
};

// The TTL or hop limit of an advert to the group: so it was sent on this link (RFC 9568 sections 5.1.1.3 and 7.1).
inline constexpr std::uint8_t kMulticastTtl = 255;

// How many addresses an advert may list: what its count can say, and for IPv6 what fits a frame of 1500 bytes with
// keepalived's reserve for an AH header. keepalived moves the rest to virtual_ipaddress_excluded.
[[nodiscard]] constexpr std::size_t most_addresses(packet::Family family) { return family == packet::Family::kIpv4 ? 255 : 89; }

// The authentication field of a password: its first 8 bytes, filled up with zeros (RFC 2338 section 5.3.10).
[[nodiscard]] constexpr std::array<std::byte, 8> authentication_of(std::string_view password) {
  std::array<std::byte, 8> field{};
  for (std::size_t i = 0; i < field.size() && i < password.size(); ++i) field[i] = static_cast<std::byte>(password[i]);
  return field;
}

}  // namespace penstock::vrrp
