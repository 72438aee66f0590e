// An Ethernet address.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
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

  // All of it in one word, for comparisons on a packet's path.
  [[nodiscard]] constexpr std::uint64_t word() const {
    std::uint64_t word = 0;
    if consteval {
      for (std::size_t i = 0; i < bytes.size(); ++i) word |= std::uint64_t{bytes[i]} << (8 * i);
    } else {
      word = std::uint64_t{last()} << 32 | first();
    }
    return word;
  }

  friend constexpr bool operator==(const MacAddress& a, const MacAddress& b) {
    if consteval {
      return a.bytes == b.bytes;
    }
    return ((a.first() ^ b.first()) | (a.last() ^ b.last())) == 0;
  }
  friend constexpr auto operator<=>(const MacAddress&, const MacAddress&) = default;

 private:
  // The bytes as they stand in memory.
  [[nodiscard]] std::uint32_t first() const {
    std::uint32_t first = 0;
    std::memcpy(&first, bytes.data(), sizeof(first));
    return first;
  }
  [[nodiscard]] std::uint16_t last() const {
    std::uint16_t last = 0;
    std::memcpy(&last, bytes.data() + sizeof(std::uint32_t), sizeof(last));
    return last;
  }
};
static_assert(sizeof(MacAddress) == 6 && alignof(MacAddress) == 1);

inline constexpr MacAddress kBroadcastMac{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

}  // namespace penstock::packet
