#include "config/bind_parts.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "config/suggest.h"
#include "config/text.h"
#include "config/value.h"

namespace penstock::config {
namespace {

constexpr double kLongestSeconds = 1e9;  // the tables are stricter

}  // namespace

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

std::optional<healthcheck::Duration> Fields::duration(std::string_view name) const {
  const Word* const word = value({name});
  const auto seconds = word == nullptr ? std::nullopt : parse_decimal(word->text);
  if (!seconds || *seconds < 0 || *seconds > kLongestSeconds) return std::nullopt;
  return healthcheck::Duration{std::llround(*seconds * 1e6)};
}

std::optional<bool> Fields::flag(std::string_view name) const {
  const Statement* const statement = last({name});
  if (statement == nullptr) return std::nullopt;
  return statement->words.size() < 2 ? std::optional{true} : parse_boolean(statement->words[1].text);
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

bool is_multicast(const IpAddress& address) {
  if (address.is_v4()) return address.v4().value() >> 28 == 0xE;
  return address.v6().bytes[0] == 0xFF;
}

bool is_link_local(const IpAddress& address) {
  return address.is_v6() && address.v6().bytes[0] == 0xFE && (address.v6().bytes[1] & 0xC0) == 0x80;
}

std::optional<Endpoint> bind_endpoint(const Statement& statement, const BindContext& context) {
  const Word& word = statement.words[1];
  const auto address = IpAddress::parse(word.text);
  if (!address) {
    report_not_an_address(word, context.diagnostics);
    return std::nullopt;
  }
  if (!is_host_address(*address)) {
    context.diagnostics.error(word.place, quote(word.text) + " can't be the address of a host");
    return std::nullopt;
  }
  if (statement.words.size() < 3) return Endpoint{*address, 0};
  const Word& port_word = statement.words[2];
  const auto port = parse_integer(port_word.text, 0, 65535);
  if (!port) {
    context.diagnostics.error(port_word.place, quote(port_word.text) + " is not a port from 1 to 65535");
    return std::nullopt;
  }
  return Endpoint{*address, static_cast<std::uint16_t>(*port)};
}

bool is_direct_routing(const Word& word, Diagnostics& diagnostics) {
  constexpr auto kMethods = std::to_array<std::string_view>({"DR", "NAT", "TUN"});
  if (word.text == "DR") return true;
  if (word.text == "NAT" || word.text == "TUN") {
    diagnostics.error(word.place, not_supported("forwarding by " + word.text, "how packets reach the real servers"),
                      "lb_kind DR");
  } else {
    diagnostics.error(word.place, quote(word.text) + " is not a way of forwarding", did_you_mean(word.text, kMethods));
  }
  return false;
}

}  // namespace penstock::config
