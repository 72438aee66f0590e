#include "config/lexer.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "config/text.h"

namespace penstock::config {
namespace {

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
unsigned hex_value(char c) { return c <= '9' ? static_cast<unsigned>(c - '0') : static_cast<unsigned>((c & 0x5F) - 'A' + 10); }

// Reads what follows a backslash, from `at` on; `at` is left behind it.
char unescape(std::string_view text, std::size_t& at) {
  constexpr std::string_view kNames = "abEfnrtv";
  constexpr std::string_view kMeanings = "\a\b\x1b\f\n\r\t\v";
  const char c = text[at++];
  if (c == 'x' && at < text.size() && is_hex(text[at])) {
    unsigned value = 0;
    while (at < text.size() && is_hex(text[at])) value = (value << 4 | hex_value(text[at++])) & 0xFF;
    return static_cast<char>(value);
  }
  if (c >= '0' && c <= '7') {
    unsigned value = static_cast<unsigned>(c - '0');
    for (int digits = 1; digits < 3 && at < text.size() && text[at] >= '0' && text[at] <= '7'; ++digits) {
      value = value << 3 | static_cast<unsigned>(text[at++] - '0');
    }
    return static_cast<char>(value);
  }
  if (c == 'c' && at < text.size()) return static_cast<char>(text[at++] & 0x1F);
  const std::size_t name = kNames.find(c);
  return name == std::string_view::npos ? c : kMeanings[name];
}

class Scanner {
 public:
  Scanner(const Line& line, Diagnostics& diagnostics, std::vector<Token>& tokens)
      : line_{line}, text_{line.text()}, diagnostics_{diagnostics}, tokens_{tokens}, first_{tokens.size()} {}

  void run() {
    while ((at_ = text_.find_first_not_of(kBlanks, at_)) != std::string_view::npos) {
      if (text_[at_] == '{' || text_[at_] == '}') {
        add(text_[at_] == '{' ? Token::Kind::kOpen : Token::Kind::kClose, {}, at_);
        ++at_;
      } else {
        scan_word();
      }
    }
  }

 private:
  void add(Token::Kind kind, std::string text, std::size_t offset) {
    const bool first = tokens_.size() == first_;
    tokens_.push_back({kind, {std::move(text), line_.place(offset)}, first, first ? static_cast<std::uint32_t>(offset) : 0});
  }

  // The end of the quoted part that begins at at_, appended to `out`.
  void scan_quote(std::string& out) {
    const std::size_t start = at_;
    const char mark = text_[at_++];
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == mark) return;
      out += c == '\\' && at_ < text_.size() ? unescape(text_, at_) : c;
    }
    diagnostics_.error(line_.place(start), "this quote is never closed", "a quoted value ends on the line where it begins");
  }

  [[nodiscard]] bool only_braces_follow() const {
    const std::size_t end = std::min(text_.size(), text_.find_first_of(kBlanks, at_));
    return text_.substr(at_, end - at_).find_first_not_of("{}") == std::string_view::npos;
  }

  void scan_word() {
    const std::size_t start = at_;
    std::string out;
    std::size_t open_braces = 0;  // within this word
    bool ends_unquoted = false;
    if (text_[at_] == '\'') scan_quote(out);
    while (at_ < text_.size() && !kBlanks.contains(text_[at_])) {
      const char c = text_[at_];
      ends_unquoted = c != '"';
      if (c == '"') {
        scan_quote(out);
        continue;
      }
      if (c == '{') ++open_braces;
      if (c == '}') {
        if (open_braces == 0 && only_braces_follow()) break;  // x}: the block's end, not the word's
        if (open_braces != 0) --open_braces;
      }
      out += c;
      ++at_;
    }
    const bool opens = ends_unquoted && out.size() > 1 && out.ends_with('{');
    if (opens) out.pop_back();
    add(Token::Kind::kWord, std::move(out), start);
    if (opens) add(Token::Kind::kOpen, {}, at_ - 1);
  }

  const Line& line_;
  const std::string_view text_;
  Diagnostics& diagnostics_;
  std::vector<Token>& tokens_;
  const std::size_t first_;
  std::size_t at_ = 0;
};

}  // namespace

void tokenize(const Line& line, Diagnostics& diagnostics, std::vector<Token>& tokens) {
  Scanner{line, diagnostics, tokens}.run();
}

}  // namespace penstock::config
