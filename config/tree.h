// A parsed file: statements, their words and their blocks, each with its place and its row of the keyword tables.
#pragma once

#include <vector>

#include "config/lexer.h"
#include "config/schema.h"

namespace penstock::config {

struct Statement {
  std::vector<Word> words;           // the keyword first; never empty
  const Keyword* keyword = nullptr;  // null: an item of a list, or a word that the block doesn't know
  const Block* block = nullptr;      // what its braces contain; null: no braces, or unknown content
  bool has_block = false;
  Place open;            // of the `{`, when has_block
  bool damaged = false;  // its braces don't match: already reported, its content isn't to be relied on
  std::vector<Statement> children;

  [[nodiscard]] const Word& name() const { return words.front(); }
};

}  // namespace penstock::config
