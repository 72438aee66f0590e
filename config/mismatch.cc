// Braces that don't match: where one is missing or too many, told from indentation and from what each block knows.
//
// No guess is made about a file whose braces do match, however it is indented: each rule below needs a word that would be an
// error anyway, or the end of the file.
#include <algorithm>

#include "config/parser.h"
#include "config/text.h"

namespace penstock::config {
namespace {

bool knows(const Block* block, std::string_view word) {
  return block != nullptr && block->content == Block::Content::kStatements && block->find(word) != nullptr;
}

}  // namespace

void Parser::report_left_open(const Word& name) {
  diagnostics_.error(name.place, "the block of " + quote(name.text) + " is never closed");
}

// After the `{`: to behind its `}`.
void Parser::skip_braces() {
  for (std::size_t depth = 1; depth != 0;) {
    const Token token = take();
    if (token.kind == Token::Kind::kEnd) return;
    if (token.kind == Token::Kind::kOpen) ++depth;
    if (token.kind == Token::Kind::kClose) --depth;
  }
}

void Parser::skip_to_top_level() {
  do {
    take();
  } while (tokens_.peek().kind != Token::Kind::kEnd &&
           (tokens_.peek().kind != Token::Kind::kWord || !tokens_.peek().first_on_line ||
            !knows(&root_block(), tokens_.peek().word.text)));
}

// At a `}`. True, and taken, when it closes the block at hand; taken and reported when it closes nothing.
bool Parser::closes_block() {
  const Token close = take();
  if (open_.empty()) {
    diagnostics_.error(close.word.place, "\"}\" closes nothing",
                       last_closed_ ? "the block of " + quote(last_closed_->text) + " was closed before it" : std::string{});
    return false;
  }
  const Open& open = open_.back();
  if (!close.first_on_line || close.indent == open.indent) return true;

  // Right of its block, and what follows still belongs to that block: one `}` too many.
  const Block* const parent = open_.size() > 1 ? open_[open_.size() - 2].block : &root_block();
  const Token& next = tokens_.peek();
  if (close.indent > open.indent && next.kind == Token::Kind::kWord && next.first_on_line && next.indent > open.indent &&
      knows(open.block, next.word.text) && !knows(parent, next.word.text)) {
    diagnostics_.error(close.word.place, "one \"}\" too many", quote(open.name.text) + " goes on below it");
    return false;
  }
  // Left of its block: if a `}` turns out to be missing, it was here.
  if (close.indent < open.indent && !suspect_) suspect_ = open.name;
  return true;
}

// At a line's first word: it stands no further right than the block at hand, which doesn't know it, while one around it does.
bool Parser::left_open_before() {
  const Token& token = tokens_.peek();
  const Open& open = open_.back();
  if (!open.body_indented || token.indent > open.indent || knows(open.block, token.word.text)) return false;
  const bool top_level = knows(&root_block(), token.word.text);
  const bool known_outside = top_level || std::any_of(open_.begin(), open_.end() - 1,
                                                      [&](const Open& outer) { return knows(outer.block, token.word.text); });
  if (!known_outside) return false;
  report_left_open(suspect_ ? *suspect_ : open.name);
  unwinding_ = suspect_ && top_level;  // what stands behind the suspect went to the wrong block
  return true;
}

// At a line's first word: it opens a block of the top level, and no block around it knows such a word.
bool Parser::begins_new_top_level() {
  const std::string& word = tokens_.peek().word.text;
  const Keyword* const keyword = root_block().find(word);
  if (keyword == nullptr || keyword->block == nullptr) return false;
  if (std::any_of(open_.begin(), open_.end(), [&](const Open& open) { return knows(open.block, word); })) return false;
  constexpr std::size_t kMostWords = 8;  // `virtual_server ADDRESS PORT {` has three
  for (std::size_t ahead = 1; ahead <= kMostWords; ++ahead) {
    const Token& token = tokens_.peek(ahead);
    if (token.kind == Token::Kind::kOpen) return true;
    if (token.kind != Token::Kind::kWord || token.first_on_line) return false;
  }
  return false;
}

// A block's word outside any block: it and what follows it are skipped, because its block ended too early or isn't there.
bool Parser::misplaced_at_top_level() {
  const Word& word = tokens_.peek().word;
  if (knows(&root_block(), word.text)) return false;
  const std::vector<std::string_view> homes = blocks_with(word.text);
  if (homes.empty()) return false;
  std::string hint = "it belongs in " + std::string{homes.front()};
  if (last_closed_) hint += "; the block of " + quote(last_closed_->text) + " was closed before it";
  diagnostics_.error(word.place, quote(word.text) + " does not belong at the top level", hint);
  skip_to_top_level();
  return true;
}

// After a word that needs a block but has no `{`: whether what follows is that block's content.
bool Parser::braces_forgotten(const Statement& statement, std::uint32_t indent) {
  const Token& next = tokens_.peek();
  if (next.kind != Token::Kind::kWord || !next.first_on_line) return false;
  const bool belongs = knows(statement.keyword->block, next.word.text) && !knows(block(), next.word.text);
  return belongs || (next.indent > indent && !knows(block(), next.word.text));
}

}  // namespace penstock::config
