#include "config/definitions.h"

#include <algorithm>
#include <array>
#include <utility>

#include "config/text.h"

namespace penstock::config {
namespace {

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name_part(char c) { return is_name_start(c) || (c >= '0' && c <= '9'); }

std::size_t name_length(std::string_view text) {
  if (text.empty() || !is_name_start(text.front())) return 0;
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_name_part) - text.begin());
}

}  // namespace

std::optional<std::string> defined_name(std::string_view line) {
  const std::string_view text = line.substr(std::min(line.size(), line.find_first_not_of(kBlanks)));
  if (!text.starts_with('$')) return std::nullopt;
  const std::size_t length = name_length(text.substr(1));
  if (length == 0 || text.substr(1 + length, 1) != "=") return std::nullopt;
  return std::string{text.substr(1, length)};
}

void Definitions::define_made_up(const std::string& name, std::string_view text) {
  Line line;
  line.append(text, {}, Line::Origin::kMadeUp);
  definitions_[name] = {line};
}

std::optional<Definition> Definitions::find(const std::string& name) const {
  const auto found = definitions_.find(name);
  return found == definitions_.end() ? std::nullopt : std::optional{found->second};
}

std::optional<Definitions::Use> Definitions::next_use(std::string_view text, std::size_t from) {
  for (std::size_t at = text.find('$', from); at != std::string_view::npos; at = text.find('$', at + 1)) {
    const bool braces = text.substr(at + 1, 1) == "{";
    const std::size_t start = at + (braces ? 2 : 1);
    const std::size_t length = name_length(text.substr(start));
    if (length == 0) continue;
    std::string name{text.substr(start, length)};
    std::size_t end = start + length;
    if (braces) {
      const std::size_t close = text.find('}', end);
      if (close == std::string_view::npos) continue;
      if (close != end && !kBlanks.contains(text[end])) continue;  // ${_RANDOM 1 6} carries its range, after a blank
      end = close + 1;
    } else if (end < text.size() && !kBlanks.contains(text[end])) {
      continue;
    }
    return Use{at, end, std::move(name)};
  }
  return std::nullopt;
}

bool Definitions::refuse_predefined(const Line& line, const Use& use) {
  if (use.name != "_RANDOM" && !use.name.starts_with("_ENV")) return false;
  diagnostics_.error(line.place(use.begin),
                     quote("${" + use.name + "}") + " is not supported: the same file must mean the same each time");
  return true;
}

std::vector<Line> Definitions::substitute(const Line& line) {
  const std::string_view text = line.text();
  if (text.find('$') == std::string_view::npos) return {line};

  // The whole line is one definition of several lines.
  if (const auto use = next_use(text, 0); use) {
    const auto found = definitions_.find(use->name);
    if (found != definitions_.end() && found->second.size() > 1) {
      const bool alone =
          text.find_first_not_of(kBlanks) == use->begin && text.find_first_not_of(kBlanks, use->end) == std::string_view::npos;
      if (alone) {
        const Position at = line.place(use->begin).at;
        std::vector<Line> lines;
        for (const Line& inner : found->second) lines.push_back(inner.used_at(at));
        return lines;
      }
    }
  }

  Line out;
  replaced_ = 0;
  if (!expand(line, 0, out)) return {};
  return {out};
}

bool Definitions::expand(const Line& line, std::size_t depth, Line& out) {
  std::size_t done = 0;
  for (auto use = next_use(line.text(), 0); use; use = next_use(line.text(), use->end)) {
    if (refuse_predefined(line, *use)) return false;
    const auto found = definitions_.find(use->name);
    if (found == definitions_.end()) continue;
    const Place place = line.place(use->begin);
    if (found->second.size() > 1) {
      diagnostics_.error(place, quote("$" + use->name) + " stands for several lines: it must be alone on its line");
      return false;
    }
    if (depth + 1 > limits_.substitution_depth || ++replaced_ > limits_.line_bytes) {
      diagnostics_.error(place, quote("$" + use->name) + " is defined by itself");
      return false;
    }
    out.append(line.part(done, use->begin - done));
    if (!found->second.empty() &&
        !expand(found->second.front().used_at(place.used_at.line != 0 ? place.used_at : place.at), depth + 1, out)) {
      return false;
    }
    done = use->end;
    if (out.text().size() > limits_.line_bytes) {
      diagnostics_.error(place, "the line is longer than " + std::to_string(limits_.line_bytes) + " bytes after substitution");
      return false;
    }
  }
  out.append(line.part(done));
  return true;
}

}  // namespace penstock::config
