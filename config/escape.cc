#include "config/escape.h"

namespace penstock::config {
namespace {

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
unsigned hex_value(char c) { return c <= '9' ? static_cast<unsigned>(c - '0') : static_cast<unsigned>((c & 0x5F) - 'A' + 10); }

}  // namespace

char unescape(std::string_view text, std::size_t& at) {
  constexpr std::string_view kNames = "abEfnrtv";
  constexpr std::string_view kMeanings = "\a\b\x1b\f\n\r\t\v";
  const char c = text[at++];
  if (c == 'x' && at < text.size() && is_hex(text[at])) {
    unsigned value = 0;
    while (at < text.size() && is_hex(text[at])) value = (value << 4 | hex_value(text[at++])) & 0xFF;
    return static_cast<char>(value);
  }
  if (c >= '0' && c <= '7') {
    auto value = static_cast<unsigned>(c - '0');
    for (int digits = 1; digits < 3 && at < text.size() && text[at] >= '0' && text[at] <= '7'; ++digits) {
      value = value << 3 | static_cast<unsigned>(text[at++] - '0');
    }
    return static_cast<char>(value);
  }
  if (c == 'c' && at < text.size()) return static_cast<char>(text[at++] & 0x1F);
  const std::size_t name = kNames.find(c);
  return name == std::string_view::npos ? c : kMeanings[name];
}

}  // namespace penstock::config
