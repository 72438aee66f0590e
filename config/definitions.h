// $NAME=VALUE definitions and their use, as keepalived does it: textual, at the place of use, recursively.
//
// `$NAME` counts where a blank or the line's end follows, `${NAME}` anywhere. A name that isn't defined stays as it is written:
// scripts contain dollar signs of their own.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.h"
#include "config/limits.h"
#include "config/line.h"

namespace penstock::config {

// One line for an ordinary definition; several for one that was continued with `\`.
using Definition = std::vector<Line>;

// The name in a line that starts with `$NAME=`, or nothing.
[[nodiscard]] std::optional<std::string> defined_name(std::string_view line);

class Definitions {
 public:
  Definitions(Diagnostics& diagnostics, const Limits& limits) : diagnostics_{diagnostics}, limits_{limits} {}

  void define(const std::string& name, Definition value) { definitions_[name] = std::move(value); }
  void define_made_up(const std::string& name, std::string_view text);
  void forget(const std::string& name) { definitions_.erase(name); }
  [[nodiscard]] std::optional<Definition> find(const std::string& name) const;

  // The line with every definition replaced: usually one line, more when the whole line is the use of a definition of several
  // (these are not substituted yet: each is a line to process by itself), none after an error, which is reported.
  [[nodiscard]] std::vector<Line> substitute(const Line& line);

 private:
  struct Use {
    std::size_t begin;
    std::size_t end;
    std::string name;
  };

  [[nodiscard]] static std::optional<Use> next_use(std::string_view text, std::size_t from);
  [[nodiscard]] bool expand(const Line& line, std::size_t depth, Line& out);
  [[nodiscard]] bool refuse_predefined(const Line& line, const Use& use);

  Diagnostics& diagnostics_;
  const Limits& limits_;
  std::size_t replaced_ = 0;  // within the line at hand: definitions that double each other grow beyond any depth
  std::map<std::string, Definition, std::less<>> definitions_;
};

}  // namespace penstock::config
