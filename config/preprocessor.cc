#include "config/preprocessor.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "config/comment.h"
#include "config/sequence.h"
#include "config/text.h"

namespace penstock::config {
namespace {

std::size_t first_of_word(std::string_view text) { return std::min(text.size(), text.find_first_not_of(kBlanks)); }

std::string directory_of(const std::string& path) {
  const std::string directory = std::filesystem::path{path}.parent_path().string();
  return directory.empty() ? "." : directory;
}

}  // namespace

Preprocessor::Preprocessor(SourceMap& sources, Diagnostics& diagnostics, const FileReader& reader, const Limits& limits,
                           std::string config_id)
    : sources_{sources},
      diagnostics_{diagnostics},
      reader_{reader},
      limits_{limits},
      config_id_{std::move(config_id)},
      definitions_{diagnostics, limits} {}

std::vector<Line> Preprocessor::run(const std::string& path) {
  auto text = reader_.read(path);
  const std::uint32_t file = sources_.add(path, text ? *text : std::string{});
  const Place whole_file{{file, 0, 0}, {}};
  if (!text) {
    diagnostics_.error(whole_file, "the file can't be read: " + text.error());
    return {};
  }
  read_text(file, std::filesystem::path{path}.lexically_normal().string());
  if (lines_.empty() && !diagnostics_.has_errors()) diagnostics_.error(whole_file, "the file has no configuration in it");
  return std::move(lines_);
}

void Preprocessor::set_predefined(const std::string& path) {
  definitions_.define_made_up("_PWD", directory_of(path));
  definitions_.define_made_up("_INSTANCE", config_id_);
  definitions_.define_made_up("_HASH", "#");
  definitions_.define_made_up("_BANG", "!");
}

Line Preprocessor::physical_line(std::uint32_t file, std::uint32_t number) {
  std::string_view text = sources_.line(file, number);
  std::uint32_t column = 1;
  if (number == 1 && text.starts_with("\xEF\xBB\xBF")) {  // a byte order mark
    text.remove_prefix(3);
    column = 4;
  }
  const Uncommented line = strip_comment(text);
  if (line.glued) {
    const Place place{{file, number, column + static_cast<std::uint32_t>(line.text.size())}, {}};
    const std::string mark{text.substr(line.text.size(), 1)};
    diagnostics_.warning(place, quote(mark) + " begins a comment here",
                         "put the value in double quotes if it belongs to it, or a blank before the comment");
  }
  if (const std::size_t null = line.text.find('\0'); null != std::string_view::npos) {
    diagnostics_.error({{file, number, column + static_cast<std::uint32_t>(null)}, {}}, "a zero byte: this is not a text file");
    return {};
  }
  return Line{line.text, {file, number, column}};
}

void Preprocessor::read_text(std::uint32_t file, const std::string& path) {
  open_files_.push_back(path);
  set_predefined(path);
  const auto count = static_cast<std::uint32_t>(sources_.line_count(file));
  for (std::uint32_t number = 1; number <= count && !exhausted_; ++number) {
    const auto [line, counts] = conditional(physical_line(file, number));
    if (!line.text().ends_with('\\')) {
      if (counts) process(line, 0);
      continue;
    }
    const std::optional<std::string> name = defined_name(line.text());
    const std::size_t value_at = name ? first_of_word(line.text()) + name->size() + 2 : 0;
    Definition value = continued_lines(file, number, line.part(value_at));
    if (!counts) continue;
    if (name) {
      definitions_.define(*name, std::move(value));
    } else {
      diagnostics_.error(line.place(line.text().size() - 1), R"("\" continues a line only in a $NAME= definition)");
    }
  }
  open_files_.pop_back();
  if (!open_files_.empty()) set_predefined(open_files_.back());
}

// A line that ends in a backslash and all that it continues with; `number` is left at the last of them.
Definition Preprocessor::continued_lines(std::uint32_t file, std::uint32_t& number, Line line) {
  Definition lines;
  while (true) {
    const bool more = line.text().ends_with('\\');
    if (more) line = line.part(0, line.text().size() - 1);
    line = line.part(0, line.text().find_last_not_of(kBlanks) + 1);
    if (!line.empty()) lines.push_back(line);
    if (!more || number >= sources_.line_count(file)) break;
    line = physical_line(file, ++number);
  }
  if (lines.size() == 1) lines.emplace_back();  // stays a definition of lines, not of a word
  return lines;
}

bool Preprocessor::spend(const Line& line) {
  if (exhausted_) return false;
  bytes_seen_ += line.text().size();
  exhausted_ = ++lines_seen_ > limits_.lines || bytes_seen_ > limits_.text_bytes;
  if (exhausted_) diagnostics_.error(line.place(0), "the configuration grows beyond all bounds here");
  return !exhausted_;
}

Preprocessor::Conditional Preprocessor::conditional(const Line& line) {
  Conditional out{line, true};
  while (true) {
    const std::string_view text = out.rest.text();
    const std::size_t at = first_of_word(text);
    if (at == text.size() || text[at] != '@') return out;
    const bool negated = text.substr(at + 1, 1) == "^";
    const std::size_t start = at + (negated ? 2 : 1);
    const std::size_t end = std::min(text.size(), text.find_first_of(kBlanks, start));
    if (end == start) {
      diagnostics_.error(out.rest.place(at), "\"@\" needs the id of a configuration right behind it");
      return {Line{}, false};
    }
    const bool same = text.substr(start, end - start) == config_id_;
    out.counts = out.counts && same != negated;
    out.rest = out.rest.part(end);
  }
}

void Preprocessor::process(const Line& given, std::size_t depth) {
  if (!spend(given)) return;
  const auto [line, counts] = conditional(given);
  const std::size_t start = first_of_word(line.text());
  if (!counts || start == line.text().size()) return;
  const std::string_view text = std::string_view{line.text()}.substr(start);

  if (const auto name = defined_name(text)) {
    definitions_.define(*name, {line.part(start + name->size() + 2)});
    return;
  }
  if (is_sequence(text)) {
    repeat(line.part(start), depth);
    return;
  }
  if (depth > limits_.substitution_depth) {
    diagnostics_.error(line.place(start), "definitions that lead back to themselves");
    return;
  }
  for (const Line& result : definitions_.substitute(line)) {
    if (result.text() == line.text()) {
      emit(line);
    } else {
      process(result, depth + 1);
    }
  }
}

void Preprocessor::repeat(const Line& line, std::size_t depth) {
  // Only the head is substituted now: the rest may use the very names that it sets.
  const std::size_t close = std::min(line.text().size(), line.text().find(')'));
  const std::vector<Line> heads = definitions_.substitute(line.part(0, close));
  if (heads.size() != 1) return;
  Line whole = heads.front();
  whole.append(line.part(close));

  const auto sequence = parse_sequence(whole.text());
  if (!sequence) {
    diagnostics_.error(whole.place(sequence.error().offset), sequence.error().message,
                       "~SEQ(NAME, START, STEP, END) or ~LST(NAME, VALUE, ...)");
    return;
  }
  if (depth > limits_.substitution_depth) {
    diagnostics_.error(whole.place(0), "definitions that lead back to themselves");
    return;
  }
  const Line rest = whole.part(sequence->length);
  std::vector<std::optional<Definition>> before;
  for (const std::string& name : sequence->names) before.push_back(definitions_.find(name));
  for (std::size_t row = 0; row < sequence->count && !exhausted_; ++row) {
    for (std::size_t i = 0; i < sequence->names.size(); ++i) {
      definitions_.define_made_up(sequence->names[i], sequence->value(row, i));
    }
    process(rest, depth + 1);
  }
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i]) {
      definitions_.define(sequence->names[i], *before[i]);
    } else {
      definitions_.forget(sequence->names[i]);
    }
  }
}

void Preprocessor::emit(const Line& line) {
  if (!include(line)) lines_.push_back(line);
}

bool Preprocessor::include(const Line& line) {
  const std::string_view text = line.text();
  const std::size_t start = first_of_word(text);
  const std::size_t end = std::min(text.size(), text.find_first_of(kBlanks, start));
  const std::string_view word = text.substr(start, end - start);
  if (!word.starts_with("include") || word.size() > 8) return false;
  const char variant = word.size() == 8 ? word.back() : '\0';
  if (variant != '\0' && !std::string_view{"rmwba"}.contains(variant)) return false;

  const std::size_t target = std::min(text.size(), text.find_first_not_of(kBlanks, end));
  std::string_view pattern = trim(text.substr(target));
  if (pattern.size() > 1 && pattern.starts_with('"') && pattern.ends_with('"')) pattern = pattern.substr(1, pattern.size() - 2);
  const Place place = line.place(target);
  if (pattern.empty()) {
    diagnostics_.error(line.place(start), quote(word) + " needs the name of a file");
    return true;
  }
  if (open_files_.size() > limits_.include_depth) {
    diagnostics_.error(place, "include within include: deeper than " + std::to_string(limits_.include_depth));
    return true;
  }

  const bool wild = pattern.find_first_of("*?[{") != std::string_view::npos;
  const std::string path = (std::filesystem::path{directory_of(open_files_.back())} / pattern).lexically_normal().string();
  if (!wild) {
    include_file(path, place, variant != '\0');
    return true;
  }
  const std::vector<std::string> matches = reader_.match(path);
  if (matches.empty() && variant != '\0' && variant != 'r') {
    diagnostics_.error(place, "no file matches " + quote(pattern));
  }
  for (const std::string& match : matches) include_file(match, place, variant == 'r' || variant == 'a');
  return true;
}

void Preprocessor::include_file(const std::string& path, const Place& place, bool must_be_readable) {
  if (exhausted_) return;
  if (std::find(open_files_.begin(), open_files_.end(), path) != open_files_.end()) {
    diagnostics_.error(place, quote(path) + " includes itself");
    return;
  }
  if (sources_.size() >= limits_.files) {
    diagnostics_.error(place, "more than " + std::to_string(limits_.files) + " files");
    exhausted_ = true;
    return;
  }
  auto text = reader_.read(path);
  if (!text) {
    const Severity severity = must_be_readable ? Severity::kError : Severity::kWarning;
    diagnostics_.add(severity, place, quote(path) + " can't be read: " + text.error());
    return;
  }
  read_text(sources_.add(path, std::move(*text)), path);
}

}  // namespace penstock::config
