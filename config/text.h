// Small words about text that every stage of the loader shares.
#pragma once

#include <string>
#include <string_view>

namespace penstock::config {

// What separates words. A carriage return is one, so that files from other systems read the same.
inline constexpr std::string_view kBlanks = " \t\r\v\f";

// A word as diagnostics show it; one that is very long is cut.
[[nodiscard]] inline std::string quote(std::string_view word) {
  constexpr std::size_t kLongest = 80;
  if (word.size() <= kLongest) return "\"" + std::string{word} + "\"";
  return "\"" + std::string{word.substr(0, kLongest)} + "...\"";
}

// Without blanks at either end.
[[nodiscard]] inline std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace penstock::config
