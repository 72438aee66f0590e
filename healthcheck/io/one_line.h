// Text of somebody else's in a line of ours, a log's or a mail header's.
#pragma once

#include <algorithm>
#include <cctype>
#include <string>

namespace penstock::healthcheck {

// `text` with `instead` for each control character.
[[nodiscard]] inline std::string in_one_line(std::string text, char instead) {
  std::ranges::replace_if(text, [](unsigned char c) { return std::iscntrl(c) != 0; }, instead);
  return text;
}

}  // namespace penstock::healthcheck
