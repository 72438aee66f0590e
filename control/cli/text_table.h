// Aligned columns of text for people: widths from the contents, two blanks between columns, nothing after the last word of a
// line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::control {

class TextTable {
 public:
  enum class Align : std::uint8_t { kLeft, kRight };
  struct Column {
    std::string_view title;
    Align align = Align::kLeft;
  };

  explicit TextTable(std::vector<Column> columns) : columns_{std::move(columns)} {}

  // One cell for each column; too few: the rest are empty.
  void add(std::vector<std::string> cells) { rows_.push_back({std::move(cells), false}); }
  // A line of its own between the rows, which takes no part in the widths.
  void add_heading(std::string text) { rows_.push_back({{std::move(text)}, true}); }

  // The titles, then the rows in the order of adding; each line with its end.
  [[nodiscard]] std::string text() const;

 private:
  struct Row {
    std::vector<std::string> cells;
    bool is_heading;
  };
  std::vector<Column> columns_;
  std::vector<Row> rows_;
};

}  // namespace penstock::control
