#include "config/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "config/escape.h"

namespace penstock::config {
namespace {

constexpr std::string_view kSeparators = " \t\n\r\v\f";

// A byte that means nothing to any stage of the loader.
bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view{"_-./:+,=%"}.contains(c);
}

}  // namespace

std::expected<std::vector<std::string>, std::string> split_command(std::string_view text) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while ((at = text.find_first_not_of(kSeparators, at)) != std::string_view::npos) {
    std::string word;
    char quote = '\0';
    while (at < text.size() && (quote != '\0' || !kSeparators.contains(text[at]))) {
      const char c = text[at++];
      if (c == '\\' && at < text.size()) {
        word += unescape(text, at);
      } else if (quote == '\0' && (c == '"' || c == '\'')) {
        quote = c;
      } else if (c == quote && quote != '\0') {
        quote = '\0';
      } else {
        word += c;
      }
    }
    if (quote != '\0') return std::unexpected{std::string{"a quote within it is never closed"}};
    if (word.contains('\0')) return std::unexpected{std::string{"it has a zero byte"}};
    words.push_back(std::move(word));
  }
  return words;
}

std::string join_command(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out += ' ';
    out += quoted_word(word);
  }
  return out;
}

std::string quoted_word(std::string_view word) {
  const bool directive = word.starts_with("include");  // at a line's start it would be one
  if (!word.empty() && !directive && std::all_of(word.begin(), word.end(), is_plain)) return std::string{word};
  std::string out = "\"";
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7F || c == '$') {  // three octal digits: no digit behind them can join in
      out += fmt::format("\\{:03o}", byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace penstock::config
