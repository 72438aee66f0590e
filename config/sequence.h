// ~SEQ and ~LST: one line for many values.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::config {

// The head of a repeated line: names that are set together, and their values row by row. A ~SEQ isn't spelled out (it may count
// to a billion): value() computes a row.
struct Sequence {
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> rows;  // ~LST
  long long start = 0;                         // ~SEQ
  long long step = 0;
  bool hexadecimal = false;  // ~SEQx
  std::size_t count = 0;     // of rows
  std::size_t length = 0;    // bytes of the head, the blanks behind it included

  // The value of name `column` in row `index`.
  [[nodiscard]] std::string value(std::size_t index, std::size_t column) const;
};

struct SequenceError {
  std::size_t offset;  // into the text
  std::string message;
};

// True for a line that begins with `~SEQ` or `~LST`.
[[nodiscard]] bool is_sequence(std::string_view text);

// Reads `~SEQ(var, [start, [step,]] end)`, `~SEQx(...)`, `~LST(var, a, b)` or `~LST({var1, var2}, {a1, a2}, ...)` at the start
// of the text. Numbers are decimal, 0x hexadecimal or 0 octal, as keepalived reads them.
[[nodiscard]] std::expected<Sequence, SequenceError> parse_sequence(std::string_view text);

}  // namespace penstock::config
