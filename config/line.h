// One logical line of configuration, and where each of its bytes was written.
//
// After substitution a line is a patchwork: some bytes stand in the file, some in a $DEFINITION elsewhere. A Line carries its
// text in segments that remember both, so that a caret points at what the operator typed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/source.h"

namespace penstock::config {

class Line {
 public:
  Line() = default;
  // Text that stands in a file from `start` on.
  Line(std::string_view text, const Position& start) { append(text, {start, {}}, Origin::kVerbatim); }

  enum class Origin : std::uint8_t {
    kVerbatim,  // consecutive bytes stand at consecutive columns
    kMadeUp,    // the bytes stand nowhere (~SEQ's numbers): all of them are placed where they are used
  };

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  // Where the byte at `offset` was written; an offset at or past the end gives the place after the last byte.
  [[nodiscard]] Place place(std::size_t offset) const;
  // A part of the line; count is cut to what there is.
  [[nodiscard]] Line part(std::size_t offset, std::size_t count = std::string::npos) const;

  void append(std::string_view text, const Place& place, Origin origin);
  void append(const Line& other);
  // The line of a definition that was used at `use`: its bytes keep their places, marked with the use.
  [[nodiscard]] Line used_at(const Position& use) const;

 private:
  struct Segment {
    std::size_t begin;
    Place place;
    Origin origin;
  };

  [[nodiscard]] std::size_t segment_at(std::size_t offset) const;

  std::string text_;
  std::vector<Segment> segments_;  // by begin, the first at 0; none when the line is empty
};

}  // namespace penstock::config
