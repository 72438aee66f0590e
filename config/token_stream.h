// Tokens of all lines, made as they are asked for, so that a large file is never held as tokens.
#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "config/diagnostic.h"
#include "config/lexer.h"
#include "config/line.h"

namespace penstock::config {

class TokenStream {
 public:
  TokenStream(const std::vector<Line>& lines, Diagnostics& diagnostics) : lines_{lines}, diagnostics_{diagnostics} {}

  // The token `ahead` places from here; kEnd at and past the end.
  [[nodiscard]] const Token& peek(std::size_t ahead = 0);
  Token next();

 private:
  const std::vector<Line>& lines_;
  Diagnostics& diagnostics_;
  std::size_t next_line_ = 0;
  std::deque<Token> buffer_;
  Token end_;
};

}  // namespace penstock::config
