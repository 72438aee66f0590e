#include "tests/support/hex.h"

#include <charconv>
#include <stdexcept>

namespace penstock::test {

Bytes from_hex(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c != ' ' && c != '\n') digits.push_back(c);
  }
  if (digits.size() % 2 != 0) throw std::invalid_argument("from_hex: an odd number of digits");
  Bytes bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    unsigned char value = 0;
    const char* const first = digits.data() + i;
    const auto [end, error] = std::from_chars(first, first + 2, value, 16);
    if (error != std::errc{} || end != first + 2) throw std::invalid_argument("from_hex: not a digit: " + digits.substr(i, 2));
    bytes.push_back(std::byte{value});
  }
  return bytes;
}

std::string to_hex(std::span<const std::byte> bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    text.push_back(kDigits[std::to_integer<unsigned>(byte) >> 4]);
    text.push_back(kDigits[std::to_integer<unsigned>(byte) & 0xf]);
  }
  return text;
}

}  // namespace penstock::test
