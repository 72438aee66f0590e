#include "config/lexer.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "config/escape.h"
#include "config/text.h"

namespace penstock::config {
namespace {

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
