#include "config/bind_parts.h"

#include <algorithm>

#include "config/text.h"
#include "config/value.h"

namespace penstock::config {

const Statement* Fields::last(std::initializer_list<std::string_view> names) const {
  const Statement* found = nullptr;
  for (const Statement& statement : statements_) {
    if (std::find(names.begin(), names.end(), statement.name().text) == names.end()) continue;
    if (found != nullptr) {
      diagnostics_.warning(statement.name().place, quote(statement.name().text) + " is given again: this one counts");
    }
    found = &statement;
  }
  return found;
}

bool Fields::has(std::string_view name) const {
  return std::any_of(statements_.begin(), statements_.end(), [name](const Statement& s) { return s.name().text == name; });
}

const Word* Fields::value(std::initializer_list<std::string_view> names) const {
  const Statement* const statement = last(names);
  return statement == nullptr || statement->words.size() < 2 ? nullptr : &statement->words[1];
}

std::optional<std::int64_t> Fields::integer(std::string_view name, std::int64_t low, std::int64_t high) const {
  const Word* const word = value({name});
  return word == nullptr ? std::nullopt : parse_integer(word->text, low, high);
}

bool Firsts::add(const std::string& key, const Word& word, const std::string& what, const BindContext& context) {
  const auto [place, fresh] = places_.emplace(key, word.place.at);
  if (fresh) return true;
  const Position& first = place->second;
  std::string where = "line " + std::to_string(first.line);
  if (first.file != word.place.at.file) where += " of " + context.sources.name(first.file);
  context.diagnostics.error(word.place, what + " is already in " + where);
  return false;
}

void report_not_an_address(const Word& word, Diagnostics& diagnostics) {
  const bool definition = word.text.starts_with('$');
  diagnostics.error(word.place, quote(word.text) + " is not an IPv4 or IPv6 address",
                    definition ? quote(word.text) + " is not defined before this line" : std::string{});
}

bool is_host_address(const IpAddress& address) {
  if (address.is_v4()) {
    const std::uint32_t value = address.v4().value();
    return value != 0 && value < 0xE0000000;
  }
  return address != IpAddress{packet::Ipv6Address{}} && address.v6().bytes[0] != 0xFF;
}

}  // namespace penstock::config
