#include "config/check.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "config/suggest.h"
#include "config/text.h"
#include "config/value.h"

namespace penstock::config {
namespace {

std::string join_names(const std::vector<std::string_view>& names) {
  constexpr std::size_t kMost = 3;
  std::string out;
  for (std::size_t i = 0; i < std::min(names.size(), kMost); ++i) {
    if (i != 0) out += i + 1 == std::min(names.size(), kMost) ? " or " : ", ";
    out += names[i];
  }
  return out;
}

void report_unknown(const Statement& statement, const Block& block, Diagnostics& diagnostics) {
  const Word& word = statement.name();
  const std::vector<std::string_view> homes = blocks_with(word.text);
  if (!homes.empty()) {
    diagnostics.error(word.place, quote(word.text) + " does not belong in " + std::string{block.name},
                      "it belongs in " + join_names(homes));
    return;
  }
  std::vector<std::string_view> known;
  for (const Keyword& keyword : block.keywords) known.push_back(keyword.name);
  const std::string where = &block == &root_block() ? " at " : " in ";
  diagnostics.error(word.place, quote(word.text) + " is unknown" + where + std::string{block.name},
                    did_you_mean(word.text, known));
}

std::string hint_for(const Argument& argument, std::string_view value) {
  if (value.starts_with('$')) return quote(value) + " is not defined before this line";
  if (argument.kind == Argument::Kind::kChoice) return did_you_mean(value, split_choices(argument.choices));
  return {};
}

void check_extra(const Statement& statement, std::size_t first, const Block& block, Diagnostics& diagnostics) {
  const Word& extra = statement.words[first];
  if (block.find(extra.text) != nullptr) {
    diagnostics.error(extra.place, quote(extra.text) + " must begin a line of its own");
    return;
  }
  const std::size_t count = statement.keyword->arguments.count;
  const std::string takes = count == 0   ? " takes no value"
                            : count == 1 ? " takes one value"
                                         : " takes " + std::to_string(count) + " values";
  diagnostics.warning(extra.place, quote(statement.name().text) + takes + ": " + quote(extra.text) + " is ignored");
}

void check_values(const Statement& statement, const Block& block, Diagnostics& diagnostics) {
  const Arguments& wanted = statement.keyword->arguments;
  const std::size_t given = statement.words.size() - 1;
  if (given < wanted.required) {
    diagnostics.error(statement.name().place, quote(statement.name().text) + " needs " +
                                                  (given == 0 ? "a value: " : "another value: ") +
                                                  describe(wanted.items[given]));
    return;
  }
  for (std::size_t i = 0; i < given; ++i) {
    if (i >= wanted.count && !wanted.rest) {
      check_extra(statement, i + 1, block, diagnostics);
      return;
    }
    const Argument& argument = i < wanted.count ? wanted.items[i] : wanted.items[wanted.count == 0 ? 0 : wanted.count - 1U];
    const Word& value = statement.words[i + 1];
    // Behind an optional value that was left out, in a file that puts two statements on a line.
    if (i >= wanted.required && !wanted.rest && argument.kind != Argument::Kind::kAny && block.find(value.text) != nullptr) {
      diagnostics.error(value.place, quote(value.text) + " must begin a line of its own");
      return;
    }
    if (!accepts(argument, value.text)) {
      diagnostics.error(value.place,
                        quote(statement.name().text) + " takes " + describe(argument) + ", not " + quote(value.text),
                        hint_for(argument, value.text));
    }
  }
}

// What the word's effect has to say. False when its content doesn't matter any more.
bool check_effect(const Statement& statement, Diagnostics& diagnostics) {
  if (statement.keyword->effect == Effect::kWorks) return true;
  const std::string name = quote(statement.name().text);
  const Place& place = statement.name().place;
  switch (statement.keyword->effect) {
    case Effect::kWorks: break;
    case Effect::kNothing:
      diagnostics.once(Severity::kNotice, place, name + " has no effect: " + std::string{statement.keyword->why});
      return true;
    case Effect::kRefused:
      diagnostics.error(place, name + " is not supported yet: it would change " + std::string{statement.keyword->why});
      return false;
  }
  return true;
}

}  // namespace

void check(const std::vector<Statement>& statements, const Block& block, Diagnostics& diagnostics) {
  for (const Statement& statement : statements) {
    if (statement.damaged) continue;
    if (block.content != Block::Content::kStatements) {
      if (statement.has_block) diagnostics.error(statement.open, "no block can stand in " + std::string{block.name});
      continue;
    }
    if (statement.keyword == nullptr) {
      report_unknown(statement, block, diagnostics);
      continue;
    }
    if (!check_effect(statement, diagnostics)) continue;
    check_values(statement, block, diagnostics);
    if (statement.keyword->block != nullptr) {
      check(statement.children, *statement.keyword->block, diagnostics);
    } else if (statement.has_block) {
      diagnostics.error(statement.open, quote(statement.name().text) + " takes no block",
                        "put a value that ends in \"{\" in double quotes");
    }
  }
}

}  // namespace penstock::config
