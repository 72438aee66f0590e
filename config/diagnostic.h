// What a load has to say: every finding of one pass, each at its place, in the words that an operator acts on.
//
// An error means that the file does not run as it is written, a warning that it runs but perhaps not as meant, a notice that a
// known word has no meaning here. Nothing is printed from here: load.h renders.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "config/source.h"

namespace penstock::config {

enum class Severity : std::uint8_t { kNotice, kWarning, kError };

// "notice", "warning", "error".
[[nodiscard]] std::string_view to_string(Severity severity);

struct Diagnostic {
  Severity severity = Severity::kError;
  Place place;
  std::string message;
  std::string hint;  // what to write instead; empty: none
};

// Collects findings: the same text at the same position counts once (a definition may be used a thousand times), and beyond
// `most` of them only the verdict is kept, so that hostile input can't fill the memory.
class Diagnostics {
 public:
  explicit Diagnostics(std::size_t most) : most_{most} {}

  void add(Severity severity, const Place& place, std::string message, std::string hint = {});
  void error(const Place& place, std::string message, std::string hint = {}) {
    add(Severity::kError, place, std::move(message), std::move(hint));
  }
  void warning(const Place& place, std::string message, std::string hint = {}) {
    add(Severity::kWarning, place, std::move(message), std::move(hint));
  }
  // The first time in this load that `message` is said, wherever it is.
  void once(Severity severity, const Place& place, const std::string& message);

  [[nodiscard]] bool has_errors() const { return has_errors_; }
  // All findings, by file and position. Ends the collecting.
  [[nodiscard]] std::vector<Diagnostic> take();

 private:
  std::size_t most_;
  std::size_t left_out_ = 0;
  bool has_errors_ = false;
  std::multimap<Position, Diagnostic> items_;  // at one position in the order of finding
  std::set<std::tuple<Position, std::string>> said_at_;
  std::set<std::string> said_;
};

// `FILE:LINE:COLUMN: error: text`, the line, a caret under the place, and the hint; each line ends with a newline. Control
// characters of the file are shown as `?`, and what stands behind auth_pass and its like as asterisks (secret.h).
[[nodiscard]] std::string render(const Diagnostic& diagnostic, const SourceMap& sources);

}  // namespace penstock::config
