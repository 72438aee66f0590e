// ICMP echo messages of a ping check: RFC 792 and RFC 4443, section 4.
//
// Each request carries 64 random bits as its data, which a reply repeats: they tell our reply from all others, also where the
// kernel chooses the identifier (ping sockets). Pure; never reads outside the message.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace penstock::healthcheck {

struct Echo {
  std::uint16_t identifier = 0;
  std::uint16_t sequence = 0;
  std::uint64_t nonce = 0;
};

inline constexpr std::size_t kEchoBytes = 64;  // as ping(8) sends: 8 of header, 56 of data
using EchoRequest = std::array<std::byte, kEchoBytes>;

// From the ICMP header on. The checksum is set for IPv4; for IPv6 the kernel sets it, which knows the addresses.
[[nodiscard]] EchoRequest encode_echo_request(const Echo& echo, bool is_v6);

// Whether a message (from the ICMP header on) is the reply to that request. The identifier counts where `with_identifier`.
[[nodiscard]] bool is_echo_reply(std::span<const std::byte> message, const Echo& echo, bool is_v6, bool with_identifier);

// What follows the header of an IPv4 packet, as a raw socket gives it; nothing if there is no whole header.
[[nodiscard]] std::span<const std::byte> after_ipv4_header(std::span<const std::byte> packet);

}  // namespace penstock::healthcheck
