// From files to logical lines: comments, conditions, definitions, repetition and include, in keepalived's order.
//
// For each physical line: the comment goes first; `@id` and `@^id` then decide whether it counts; `$NAME=` defines (and takes
// the following lines while they end in `\`); ~SEQ and ~LST repeat; what remains is substituted and looked at again, because a
// definition may stand for any of these; `include` reads other files in place. What is left are the lines of the language
// proper. Every loop is bounded by Limits.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "config/definitions.h"
#include "config/diagnostic.h"
#include "config/limits.h"
#include "config/line.h"
#include "config/source.h"

namespace penstock::config {

class Preprocessor {
 public:
  Preprocessor(SourceMap& sources, Diagnostics& diagnostics, const FileReader& reader, const Limits& limits,
               std::string config_id);

  // The lines of the file at `path` and of all that it includes. A file that can't be read, or has nothing in it, is an error.
  [[nodiscard]] std::vector<Line> run(const std::string& path);

 private:
  struct Conditional {
    Line rest;
    bool counts = true;
  };

  void read_text(std::uint32_t file, const std::string& path);
  [[nodiscard]] Line physical_line(std::uint32_t file, std::uint32_t number);
  [[nodiscard]] Definition continued_lines(std::uint32_t file, std::uint32_t& number, Line line);
  void process(const Line& given, std::size_t depth);
  void repeat(const Line& line, std::size_t depth);
  void emit(const Line& line);
  [[nodiscard]] Conditional conditional(const Line& line);
  [[nodiscard]] bool include(const Line& line);
  void include_file(const std::string& path, const Place& place, bool must_be_readable);
  void set_predefined(const std::string& path);
  [[nodiscard]] bool spend(const Line& line);

  SourceMap& sources_;
  Diagnostics& diagnostics_;
  const FileReader& reader_;
  const Limits& limits_;
  const std::string config_id_;
  Definitions definitions_;
  std::vector<std::string> open_files_;  // the file at hand and those that include it, outermost first
  std::vector<Line> lines_;
  std::size_t lines_seen_ = 0;
  std::size_t bytes_seen_ = 0;
  bool exhausted_ = false;
};

}  // namespace penstock::config
