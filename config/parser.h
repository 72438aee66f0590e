// From lines to a tree: braces matched, words sorted into statements, along the keyword tables.
//
// A statement ends at its line's end, at a brace, or, in a block that is written on one line, where the next keyword follows
// its values (keepalived loses those). An unknown word's block is skipped as a whole by its own braces (keepalived lets its
// brace close the parent). When braces don't match, indentation and the tables tell where one is missing or too many; that
// place is reported once, and parsing goes on as if it were mended.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "config/diagnostic.h"
#include "config/limits.h"
#include "config/token_stream.h"
#include "config/tree.h"

namespace penstock::config {

class Parser {
 public:
  Parser(const std::vector<Line>& lines, Diagnostics& diagnostics, const Limits& limits)
      : tokens_{lines, diagnostics}, diagnostics_{diagnostics}, limits_{limits} {}

  // The statements outside any block.
  [[nodiscard]] std::vector<Statement> run();

 private:
  // A block whose `}` hasn't come yet.
  struct Open {
    const Block* block;         // null: unknown content
    Word name;                  // the word that opened it
    std::uint32_t indent;       // of the line that opened it
    bool body_indented = true;  // its first line stands further right: indentation means something here
    bool empty = true;
  };

  void parse_block(std::vector<Statement>& out);
  void parse_line(std::vector<Statement>& out);
  [[nodiscard]] std::vector<Word> take_words();
  void add_statements(std::vector<Word> words, bool one_line, std::vector<Statement>& out) const;
  void parse_children(Statement& statement, std::uint32_t indent);
  [[nodiscard]] bool braces_forgotten(const Statement& statement, std::uint32_t indent);

  // The four ways in which a brace is missing or too many; see mismatch.cc.
  [[nodiscard]] bool closes_block();
  [[nodiscard]] bool left_open_before();
  [[nodiscard]] bool begins_new_top_level();
  [[nodiscard]] bool misplaced_at_top_level();
  void report_left_open(const Word& name);
  void skip_braces();
  void skip_to_top_level();

  Token take();
  [[nodiscard]] const Block* block() const { return open_.empty() ? &root_block() : open_.back().block; }

  TokenStream tokens_;
  Diagnostics& diagnostics_;
  const Limits& limits_;
  std::vector<Open> open_;
  std::uint32_t indent_ = 0;         // of the line that was taken from last
  std::optional<Word> suspect_;      // in the top-level statement at hand: the first block whose `}` stands left of it
  std::optional<Word> last_closed_;  // the top-level block that was closed last
  bool unwinding_ = false;           // the open blocks can't be closed any more: they all end here
};

}  // namespace penstock::config
