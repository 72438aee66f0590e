#include "config/parser.h"

#include <iterator>
#include <utility>

#include "config/text.h"

namespace penstock::config {

std::vector<Statement> Parser::run() {
  std::vector<Statement> statements;
  parse_block(statements);
  return statements;
}

Token Parser::take() {
  Token token = tokens_.next();
  if (token.first_on_line) indent_ = token.indent;
  return token;
}

void Parser::parse_block(std::vector<Statement>& out) {
  while (true) {
    if (unwinding_) {
      if (!open_.empty()) return;
      unwinding_ = false;
      if (!out.empty()) out.back().damaged = true;
    }
    const Token& token = tokens_.peek();
    switch (token.kind) {
      case Token::Kind::kEnd:
        if (open_.empty()) return;
        report_left_open(suspect_ ? *suspect_ : open_.back().name);
        unwinding_ = true;
        return;
      case Token::Kind::kOpen:
        diagnostics_.error(token.word.place, "\"{\" without a word before it that opens a block");
        take();
        skip_braces();
        break;
      case Token::Kind::kClose:
        if (closes_block()) return;
        break;
      case Token::Kind::kWord:
        if (open_.empty()) {
          if (misplaced_at_top_level()) continue;
          suspect_.reset();
        } else if (token.first_on_line) {
          if (left_open_before()) return;
          if (begins_new_top_level()) {
            report_left_open(suspect_ ? *suspect_ : open_.back().name);
            unwinding_ = true;
            return;
          }
        }
        parse_line(out);
        break;
    }
  }
}

void Parser::parse_line(std::vector<Statement>& out) {
  const Token& first = tokens_.peek();
  const bool one_line = !first.first_on_line;
  if (!open_.empty() && std::exchange(open_.back().empty, false) && first.first_on_line) {
    open_.back().body_indented = first.indent > open_.back().indent;
  }
  std::vector<Word> words = take_words();
  const std::uint32_t indent = indent_;
  add_statements(std::move(words), one_line, out);

  Statement& last = out.back();
  if (tokens_.peek().kind == Token::Kind::kOpen) {
    last.open = take().word.place;
    last.has_block = true;
    parse_children(last, indent);
  } else if (last.keyword != nullptr && last.keyword->block != nullptr) {
    diagnostics_.error(last.name().place, quote(last.name().text) + " needs a block: \"{\" is missing");
    last.damaged = !braces_forgotten(last, indent);
    if (!last.damaged) parse_children(last, indent);
  }
}

std::vector<Word> Parser::take_words() {
  std::vector<Word> words;
  do {
    words.push_back(take().word);
  } while (tokens_.peek().kind == Token::Kind::kWord && !tokens_.peek().first_on_line);
  return words;
}

void Parser::add_statements(std::vector<Word> words, bool one_line, std::vector<Statement>& out) const {
  const Block* const here = block();
  const bool keywords = here != nullptr && here->content == Block::Content::kStatements;
  const bool word_list = here != nullptr && here->content == Block::Content::kWords;

  std::size_t begin = 0;
  while (begin < words.size()) {
    Statement statement;
    std::size_t end = words.size();
    if (keywords) {
      statement.keyword = here->find(words[begin].text);
      const std::size_t required = statement.keyword == nullptr ? 0 : statement.keyword->arguments.required;
      for (std::size_t i = begin + 1 + required; one_line && i < end; ++i) {
        if (here->find(words[i].text) != nullptr) end = i;
      }
    } else if (word_list) {
      end = begin + 1;
    }
    statement.words.assign(std::make_move_iterator(words.begin() + static_cast<std::ptrdiff_t>(begin)),
                           std::make_move_iterator(words.begin() + static_cast<std::ptrdiff_t>(end)));
    out.push_back(std::move(statement));
    begin = end;
  }
}

void Parser::parse_children(Statement& statement, std::uint32_t indent) {
  if (open_.size() >= limits_.block_depth) {
    diagnostics_.error(statement.name().place, "blocks within blocks: deeper than " + std::to_string(limits_.block_depth));
    if (statement.has_block) skip_braces();
    return;
  }
  statement.block = statement.keyword == nullptr ? nullptr : statement.keyword->block;
  open_.push_back({statement.block, statement.name(), indent});
  parse_block(statement.children);
  open_.pop_back();
  if (open_.empty()) last_closed_ = statement.name();
}

}  // namespace penstock::config
