#include "config/secret.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>

#include "config/text.h"

namespace penstock::config {
namespace {

constexpr std::string_view kWordBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-0123456789";
constexpr std::string_view kBraces = "{} \t\r\v\f";

// auth_pass, auth_pas, authpass, password, passwd, AUTH_PASSWORD. Of other keywords only "passive" has these letters.
bool announces_a_secret(std::string_view word) {
  std::string lower{word};
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower.contains("pas") && lower != "passive";
}

// The end of the first word that announces a secret; npos: there is none. A part of a path is no such word.
std::size_t end_of_announcement(std::string_view line) {
  constexpr std::string_view kOfPaths = "/.";
  for (std::size_t begin = line.find_first_of(kWordBytes); begin != std::string_view::npos;) {
    const std::size_t end = std::min(line.find_first_not_of(kWordBytes, begin), line.size());
    const bool is_in_path =
        (begin != 0 && kOfPaths.contains(line[begin - 1])) || (end < line.size() && kOfPaths.contains(line[end]));
    if (!is_in_path && announces_a_secret(line.substr(begin, end - begin))) return end;
    begin = line.find_first_of(kWordBytes, end);
  }
  return std::string_view::npos;
}

// Whether the last word above this line announces a secret. Braces between them don't matter.
bool continues_a_secret(const SourceMap& sources, const Position& at) {
  for (std::uint32_t number = at.line; number > 1; --number) {
    std::string_view above = sources.line(at.file, number - 1);
    const std::size_t last = above.find_last_not_of(kBraces);
    if (last == std::string_view::npos) continue;
    above = above.substr(0, last + 1);
    const std::size_t end = end_of_announcement(above);
    return end != std::string_view::npos && above.find_first_not_of('"', end) == std::string_view::npos;
  }
  return false;
}

// The first `size` bytes of a line; npos: all of it.
VisiblePart first_bytes(std::string_view line, std::size_t size) {
  const std::string_view text = line.substr(0, size);
  return {text, text.size() < line.size()};
}

VisiblePart visible_line(const SourceMap& sources, const Position& at) {
  if (at.line == 0) return {};
  const std::string_view line = sources.line(at.file, at.line);
  const std::size_t end = end_of_announcement(line);
  if (end != std::string_view::npos)
    return first_bytes(line, line.find_first_not_of(kBlanks, end) == std::string_view::npos ? std::string_view::npos : end);
  return first_bytes(line, continues_a_secret(sources, at) ? 0 : std::string_view::npos);
}

}  // namespace

VisiblePart visible_part(const SourceMap& sources, const Place& place) {
  const VisiblePart visible = visible_line(sources, place.at);
  if (place.at.line == 0 || !visible_line(sources, place.used_at).hides_secret) return visible;
  // $NAME=; nothing where there is no sign.
  return first_bytes(sources.line(place.at.file, place.at.line), visible.text.find('=') + 1);
}

std::string without_secrets(std::string message, std::string_view visible) {
  for (std::size_t open = message.find('"'); open != std::string::npos;) {
    const std::size_t close = message.find('"', open + 1);
    if (close == std::string::npos) break;
    if (!visible.contains(std::string_view{message}.substr(open + 1, close - open - 1))) {
      message.replace(open + 1, message.rfind('"') - open - 1, kHidden);
      break;
    }
    open = message.find('"', close + 1);
  }
  return message;
}

}  // namespace penstock::config
