// Adverts from bytes and to bytes: the VRRP message (RFC 3768 section 5, RFC 9568 section 5) and the frame around it.
//
// Reading never trusts a length; what is wrong with a message has a name, in the order in which keepalived looks (vrrp.c,
// vrrp_check_packet). What a message means to an instance is not decided here (advert_check.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "vrrp/advert.h"

namespace penstock::vrrp {

// A frame of protocol 112, its headers read. Spans lie in the frame.
struct HeardFrame {
  packet::MacAddress source_mac{};
  packet::IpAddress source{};
  packet::IpAddress destination{};
  std::uint8_t ttl = 0;                         // or hop limit
  std::span<const std::byte> message{};         // as long as the IP header says, Ethernet's padding cut off
  std::span<const std::byte> authentication{};  // the AH header in front of the message (RFC 2338); empty: none
};

// Nothing when it isn't such a frame: another type, a VLAN's (a priority tag is read over), a fragment, a header that doesn't
// fit or whose checksum is wrong, a length beyond the frame's end; IPv6 with extension headers other than AH. IPv4 options are
// skipped, but not those of source routes.
[[nodiscard]] std::optional<HeardFrame> read_frame(std::span<const std::byte> frame);

enum class MessageError : std::uint8_t { kTooShort, kLength, kVersion, kType, kChecksum };
inline constexpr std::size_t kMessageErrorCount = 5;
[[nodiscard]] std::string_view to_string(MessageError error);

// The virtual router that a message is for, whatever else is wrong with it. Nothing: too short to tell.
[[nodiscard]] std::optional<std::uint8_t> virtual_router_id_of(std::span<const std::byte> message);

// Both forms of the checksum are taken for version 3 with IPv4; which it was is in the result.
[[nodiscard]] std::expected<Advert, MessageError> read_message(const HeardFrame& frame);

// Where an advert goes and by what.
struct Envelope {
  packet::MacAddress source_mac{};
  packet::MacAddress destination_mac{};  // multicast_mac_of(destination), or the next hop's of a unicast peer
  packet::IpAddress source{};
  packet::IpAddress destination{};
  std::uint8_t ttl = 255;
  std::uint16_t identification = 0;  // IPv4: keepalived counts from 1
};
// 01:00:5e:.. (RFC 1112 section 6.4) or 33:33:.. (RFC 2464 section 7).
[[nodiscard]] packet::MacAddress multicast_mac_of(const packet::IpAddress& group);

// Ethernet header, IP header (TOS or traffic class 0xc0) and message, byte for byte as keepalived sends it; without padding.
// Only IPv6's flow label is zero, where keepalived's kernel makes one up. Precondition: all addresses of the advert and the
// envelope are of the advert's family, at most most_addresses(); version 2 is IPv4's.
[[nodiscard]] std::vector<std::byte> advert_frame(const Advert& advert, const Envelope& envelope);

}  // namespace penstock::vrrp
