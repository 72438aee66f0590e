// The shape of keepalived's language: which words a block knows, what values they take, and what becomes of each here.
//
// The tables (keywords_*.cc) are data; check.cc walks a parsed file along them. A word is either understood, or known and
// without meaning here, or known and refused because running without it would do something else than the file says. There is no
// fourth case: no word of keepalived's is unknown.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::config {

// What a word does in Penstock.
enum class Effect : std::uint8_t {
  kWorks,    // understood, or part of something whose one warning says enough
  kNothing,  // accepted with one notice: it concerns the host or the kernel, or Penstock does it anyway
  kRefused,  // an error: without it the file would forward, check or fail over otherwise than it says
};

struct Argument {
  enum class Kind : std::uint8_t { kAny, kInteger, kDecimal, kBoolean, kAddress, kInterface, kMd5, kStatusCode, kChoice };

  Kind kind = Kind::kAny;
  double low = 0;  // kInteger and kDecimal: the range, both ends included
  double high = 0;
  std::string_view choices{};  // kChoice: "A|B|C"; kAny: what is wanted
};

// The values behind a word: the first `required` must be there; any number more where `rest` is set.
struct Arguments {
  std::array<Argument, 3> items{};
  std::uint8_t required = 0;
  std::uint8_t count = 0;
  bool rest = false;
};

struct Block;

struct Keyword {
  std::string_view name;
  Effect effect = Effect::kWorks;
  Arguments arguments{};
  std::string_view why{};        // kNothing: the reason; kRefused: what would be different
  const Block* block = nullptr;  // set: the word opens a block, always
};

struct Block {
  enum class Content : std::uint8_t {
    kStatements,  // keywords
    kWords,       // a list: each word is an item
    kLines,       // a list: each line is an item
  };

  std::string_view name;  // as diagnostics call it
  Content content = Content::kStatements;
  std::span<const Keyword> keywords{};

  [[nodiscard]] const Keyword* find(std::string_view word) const;
};

// The outermost level of a file.
[[nodiscard]] const Block& root_block();

// The blocks that know a word, by name, sorted; empty for a word that isn't keepalived's.
[[nodiscard]] std::vector<std::string_view> blocks_with(std::string_view word);

// Every word of every table, once, sorted.
[[nodiscard]] std::vector<std::string_view> all_keywords();

// How the tables spell values.
constexpr Argument any(std::string_view what = "a word") { return {Argument::Kind::kAny, 0, 0, what}; }
constexpr Argument integer(double low, double high) { return {Argument::Kind::kInteger, low, high, {}}; }
constexpr Argument decimal(double low, double high) { return {Argument::Kind::kDecimal, low, high, {}}; }
constexpr Argument boolean() { return {Argument::Kind::kBoolean, 0, 0, {}}; }
constexpr Argument address() { return {Argument::Kind::kAddress, 0, 0, {}}; }
constexpr Argument port() { return integer(1, 65535); }
constexpr Argument interface_name() { return {Argument::Kind::kInterface, 0, 0, {}}; }
constexpr Argument md5() { return {Argument::Kind::kMd5, 0, 0, {}}; }
constexpr Argument status_code() { return {Argument::Kind::kStatusCode, 0, 0, {}}; }
constexpr Argument choice(std::string_view choices) { return {Argument::Kind::kChoice, 0, 0, choices}; }

constexpr Arguments none() { return {}; }
constexpr Arguments one(Argument a) { return {{a}, 1, 1, false}; }
constexpr Arguments maybe(Argument a) { return {{a}, 0, 1, false}; }
constexpr Arguments two(Argument a, Argument b) { return {{a, b}, 2, 2, false}; }
constexpr Arguments one_maybe(Argument a, Argument b) { return {{a, b}, 1, 2, false}; }
constexpr Arguments some(Argument a) { return {{a}, 1, 1, true}; }  // at least one
constexpr Arguments anything() { return {{}, 0, 0, true}; }
// A command, then perhaps the user and the group to run it as.
constexpr Arguments script() { return {{any(), any(), any()}, 1, 3, false}; }

}  // namespace penstock::config
