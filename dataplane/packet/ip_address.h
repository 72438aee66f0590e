// IPv4 and IPv6 addresses as value types, in wire order, with text in and out.
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/packet/big_endian.h"

namespace penstock::packet {

using Ipv4Address = Be32;

struct Ipv6Address {
  std::array<std::uint8_t, 16> bytes{};

  friend constexpr bool operator==(const Ipv6Address& a, const Ipv6Address& b) {
    using Words = std::array<std::uint64_t, 2>;
    const auto first = std::bit_cast<Words>(a.bytes);
    const auto second = std::bit_cast<Words>(b.bytes);
    return ((first[0] ^ second[0]) | (first[1] ^ second[1])) == 0;
  }
  friend constexpr auto operator<=>(const Ipv6Address&, const Ipv6Address&) = default;
};
static_assert(sizeof(Ipv6Address) == 16 && alignof(Ipv6Address) == 1);

enum class Family : std::uint8_t { kIpv4 = 4, kIpv6 = 6 };

// Either kind of address. The order is that of ipvsadm's listings: IPv4 before IPv6, then by numeric value.
class IpAddress {
 public:
  constexpr IpAddress() = default;       // 0.0.0.0
  constexpr IpAddress(Ipv4Address v4) {  // NOLINT(google-explicit-constructor)
    const std::uint32_t host = v4.value();
    for (std::size_t i = 0; i < 4; ++i) bytes_.bytes[i] = static_cast<std::uint8_t>(host >> (24 - 8 * i));
  }
  constexpr IpAddress(const Ipv6Address& v6) : bytes_{v6}, family_{Family::kIpv6} {}  // NOLINT(google-explicit-constructor)

  // "192.168.1.200" or "fd77::100"; no prefix, no zone, no brackets. Nothing when the text is not exactly an address.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);

  [[nodiscard]] constexpr Family family() const { return family_; }
  [[nodiscard]] constexpr bool is_v4() const { return family_ == Family::kIpv4; }
  [[nodiscard]] constexpr bool is_v6() const { return family_ == Family::kIpv6; }
  // Precondition: is_v4().
  [[nodiscard]] constexpr Ipv4Address v4() const {
    return Ipv4Address{(static_cast<std::uint32_t>(bytes_.bytes[0]) << 24) |
                       (static_cast<std::uint32_t>(bytes_.bytes[1]) << 16) |
                       (static_cast<std::uint32_t>(bytes_.bytes[2]) << 8) | bytes_.bytes[3]};
  }
  // Precondition: is_v6().
  [[nodiscard]] constexpr const Ipv6Address& v6() const { return bytes_; }
  // 32 or 128: the longest prefix of this family.
  [[nodiscard]] constexpr unsigned bits() const { return is_v4() ? 32 : 128; }

  // Canonical text (RFC 5952 for IPv6), without brackets.
  [[nodiscard]] std::string to_string() const;

  friend constexpr bool operator==(const IpAddress&, const IpAddress&) = default;
  friend constexpr std::strong_ordering operator<=>(const IpAddress& a, const IpAddress& b) {
    if (a.family_ != b.family_) return a.family_ <=> b.family_;
    return a.bytes_ <=> b.bytes_;
  }

 private:
  Ipv6Address bytes_{};  // IPv4: the first four bytes, the rest zero
  Family family_ = Family::kIpv4;
};

enum class Protocol : std::uint8_t { kTcp = 6, kUdp = 17, kSctp = 132 };

// "TCP", "UDP", "SCTP": as ipvsadm prints them.
[[nodiscard]] std::string_view to_string(Protocol protocol);

// An address and a port, as in "192.168.1.200:80" and "[fd77::100]:80".
struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;  // host order

  [[nodiscard]] std::string to_string() const;
  friend constexpr auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

}  // namespace penstock::packet

template <>
struct std::hash<penstock::packet::IpAddress> {
  std::size_t operator()(const penstock::packet::IpAddress& address) const noexcept;
};
template <>
struct std::hash<penstock::packet::Endpoint> {
  std::size_t operator()(const penstock::packet::Endpoint& endpoint) const noexcept;
};
