// Big-endian integers as types: a field of a wire header can't be used as a host integer by mistake.
//
// A Big<T> holds the bytes exactly as they stand in the packet, so it may overlay packet memory at any alignment (it is an
// array of bytes) and costs one byte swap per read, which the compiler folds into a movbe or bswap.
#pragma once

#include <bit>
#include <compare>
#include <concepts>
#include <cstdint>
#include <cstring>

namespace penstock::packet {

template <std::unsigned_integral T>
class Big {
 public:
  constexpr Big() = default;
  constexpr explicit Big(T host) { set(host); }

  // The value in the host's byte order.
  [[nodiscard]] constexpr T value() const { return std::byteswap(std::bit_cast<T>(bytes_)); }
  // The bytes as they stand in memory, reinterpreted: for keys and comparisons that don't care about order.
  [[nodiscard]] constexpr T raw() const { return std::bit_cast<T>(bytes_); }
  constexpr void set(T host) { bytes_ = std::bit_cast<Bytes>(std::byteswap(host)); }

  friend constexpr bool operator==(Big a, Big b) { return a.raw() == b.raw(); }
  friend constexpr auto operator<=>(Big a, Big b) { return a.value() <=> b.value(); }

 private:
  struct Bytes {
    std::uint8_t at[sizeof(T)];
  };
  static_assert(std::endian::native == std::endian::little, "penstock runs on little-endian machines");

  Bytes bytes_{};
};

using Be16 = Big<std::uint16_t>;
using Be32 = Big<std::uint32_t>;
using Be64 = Big<std::uint64_t>;

static_assert(sizeof(Be16) == 2 && alignof(Be16) == 1);
static_assert(sizeof(Be32) == 4 && alignof(Be32) == 1);

}  // namespace penstock::packet
