// Comments, and the line continuation of definitions: what is taken off a physical line before anything else looks at it.
#pragma once

#include <cstddef>
#include <string_view>

namespace penstock::config {

struct Uncommented {
  std::string_view text;  // the line before its comment, without blanks at its end
  bool glued = false;     // the comment begins in the middle of a word, at text's end: perhaps it was meant as part of it
};

// `#` and `!` begin a comment anywhere outside quotes, also within a word. Unlike keepalived a single-quoted word protects them
// as well. A backslash protects nothing, as there.
[[nodiscard]] Uncommented strip_comment(std::string_view line);

}  // namespace penstock::config
