#include "config/diagnostic.h"

#include <algorithm>
#include <utility>

#include "config/secret.h"

namespace penstock::config {

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::kNotice: return "notice";
    case Severity::kWarning: return "warning";
    case Severity::kError: return "error";
  }
  return "?";
}

void Diagnostics::add(Severity severity, const Place& place, std::string message, std::string hint) {
  has_errors_ = has_errors_ || severity == Severity::kError;
  if (items_.size() >= most_) {
    ++left_out_;
    return;
  }
  if (!said_at_.emplace(place.at, message).second) return;
  items_.emplace(place.at, Diagnostic{severity, place, std::move(message), std::move(hint)});
}

void Diagnostics::once(Severity severity, const Place& place, const std::string& message) {
  if (said_.insert(message).second) add(severity, place, message);
}

std::vector<Diagnostic> Diagnostics::take() {
  std::vector<Diagnostic> out;
  for (auto& [position, diagnostic] : items_) out.push_back(std::move(diagnostic));
  items_.clear();
  if (left_out_ != 0 && !out.empty()) {
    out.push_back({has_errors_ ? Severity::kError : Severity::kWarning,
                   {{out.back().place.at.file, 0, 0}, {}},
                   std::to_string(left_out_) + " more findings are not shown",
                   {}});
  }
  return out;
}

namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::string printable(std::string_view text) {
  std::string out{text};
  for (char& c : out) {
    if (is_control(c) && c != '\t') c = '?';
  }
  return out;
}

// Blanks as wide as the line's start: tabs stay tabs, and the later bytes of a UTF-8 character take no room.
std::string indent_of(std::string_view line, std::size_t columns) {
  std::string out;
  for (const char c : line.substr(0, columns)) {
    if (c == '\t') {
      out += '\t';
    } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
      out += ' ';
    }
  }
  return out;
}

std::string name_of(const Position& position, const SourceMap& sources) {
  std::string out = position.file < sources.size() ? sources.name(position.file) : std::string{"?"};
  if (position.line != 0) out += ":" + std::to_string(position.line) + ":" + std::to_string(position.column);
  return out;
}

}  // namespace

std::string render(const Diagnostic& diagnostic, const SourceMap& sources) {
  const Position& at = diagnostic.place.at;
  const VisiblePart visible = visible_part(sources, diagnostic.place);
  const std::string message = visible.hides_secret ? without_secrets(diagnostic.message, visible.text) : diagnostic.message;
  std::string out =
      name_of(at, sources) + ": " + std::string{to_string(diagnostic.severity)} + ": " + printable(message) + "\n";
  if (at.line != 0) {
    std::string line{visible.text};
    std::size_t before = at.column - 1;
    if (visible.hides_secret) {
      if (!line.empty() && line.back() != '=') line += ' ';
      before = std::min(before, line.size());
      line += kHidden;
    }
    out += "  " + printable(line) + "\n";
    out += "  " + indent_of(line, before) + "^\n";
  }
  if (!diagnostic.hint.empty()) out += "  " + printable(diagnostic.hint) + "\n";
  if (diagnostic.place.used_at.line != 0) out += "  used at " + name_of(diagnostic.place.used_at, sources) + "\n";
  return out;
}

}  // namespace penstock::config
