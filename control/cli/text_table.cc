#include "control/cli/text_table.h"

#include <algorithm>

namespace penstock::control {
namespace {

void append_cell(std::string& line, std::string_view cell, std::size_t width, TextTable::Align align) {
  const std::string padding(width - std::min(width, cell.size()), ' ');
  if (align == TextTable::Align::kRight) line += padding;
  line += cell;
  if (align == TextTable::Align::kLeft) line += padding;
}

void end_line(std::string& out, std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  out += line + '\n';
}

}  // namespace

std::string TextTable::text() const {
  std::vector<std::size_t> widths;
  for (const Column& column : columns_) widths.push_back(column.title.size());
  for (const Row& row : rows_)
    for (std::size_t i = 0; i < row.cells.size() && !row.is_heading; ++i) widths[i] = std::max(widths[i], row.cells[i].size());

  std::string out;
  const auto append_line = [&](auto cell_at) {
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i != 0) line += "  ";
      append_cell(line, cell_at(i), widths[i], columns_[i].align);
    }
    end_line(out, std::move(line));
  };
  append_line([&](std::size_t i) { return columns_[i].title; });
  for (const Row& row : rows_) {
    if (row.is_heading) {
      end_line(out, row.cells[0]);
    } else {
      append_line([&](std::size_t i) { return i < row.cells.size() ? std::string_view{row.cells[i]} : std::string_view{}; });
    }
  }
  return out;
}

}  // namespace penstock::control
