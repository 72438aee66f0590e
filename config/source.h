// Where configuration text comes from, and how a place in it is named.
//
// Every file that a load reads stays in a SourceMap, so that a diagnostic can show its line long after parsing. Files are read
// through a FileReader only: the daemon passes the real file system, tests and fuzzers pass texts in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::config {

// Line and column count from 1; a column is a byte of the line. Line 0 means the file as a whole.
struct Position {
  std::uint32_t file = 0;  // index into the SourceMap, in the order of reading
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  friend auto operator<=>(const Position&, const Position&) = default;
};

// A place, and, where the text came out of a $DEFINITION, where that was used (line 0: it did not).
struct Place {
  Position at;
  Position used_at;
};

class SourceMap {
 public:
  std::uint32_t add(std::string name, std::string text);

  [[nodiscard]] std::size_t size() const { return files_.size(); }
  [[nodiscard]] const std::string& name(std::uint32_t file) const { return files_[file].name; }
  [[nodiscard]] std::size_t line_count(std::uint32_t file) const { return files_[file].line_starts.size(); }
  // The text of a line (from 1) without its end; empty when there is no such line.
  [[nodiscard]] std::string_view line(std::uint32_t file, std::uint32_t number) const;

 private:
  struct File {
    std::string name;
    std::string text;
    std::vector<std::size_t> line_starts;
  };
  std::vector<File> files_;
};

// The only way to the file system. Both functions are called on the loading thread; neither may throw.
struct FileReader {
  // The whole content, or why it can't be had ("No such file or directory").
  std::function<std::expected<std::string, std::string>(const std::string& path)> read;
  // Paths that match a pattern of glob(7) with {a,b} alternatives, sorted; directories are left out.
  std::function<std::vector<std::string>(const std::string& pattern)> match;
};

// Reads real files; refuses directories and what is larger than `largest` bytes.
[[nodiscard]] FileReader system_files(std::size_t largest);

}  // namespace penstock::config
