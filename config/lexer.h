// Words and braces of one logical line.
//
// A brace is a token where a word could begin, and at a word's end (`80{`, `x }`, `x}`), so that blocks may be written on one
// line; inside a word (`${NAME}`, `a{b`) it is an ordinary byte. `"` quotes anywhere in a word, `'` at its start; within quotes
// a backslash escapes as keepalived.conf(5) lists.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/diagnostic.h"
#include "config/line.h"

namespace penstock::config {

struct Word {
  std::string text;
  Place place;
};

struct Token {
  enum class Kind : std::uint8_t { kWord, kOpen, kClose, kEnd };

  Kind kind = Kind::kEnd;
  Word word;  // a word's text; of a brace only the place
  bool first_on_line = false;
  std::uint32_t indent = 0;  // of a line's first token: blanks before it
};

// Appends the line's tokens. A quote without its end is reported and taken to reach the line's end.
void tokenize(const Line& line, Diagnostics& diagnostics, std::vector<Token>& tokens);

}  // namespace penstock::config
