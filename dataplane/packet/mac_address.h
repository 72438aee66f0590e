// An Ethernet address.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::packet {

struct MacAddress {
  std::array<std::uint8_t, 6> bytes{};

  // "02:00:00:00:00:01"; nothing when the text is not exactly an address.
  [[nodiscard]] static std::optional<MacAddress> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;

  [[nodiscard]] constexpr bool is_zero() const { return *this == MacAddress{}; }
  // Multicast or broadcast: the group bit of the first byte.
  [[nodiscard]] constexpr bool is_group() const { return (bytes[0] & 1) != 0; }

  friend constexpr auto operator<=>(const MacAddress&, const MacAddress&) = default;
};
static_assert(sizeof(MacAddress) == 6 && alignof(MacAddress) == 1);

inline constexpr MacAddress kBroadcastMac{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

}  // namespace penstock::packet
