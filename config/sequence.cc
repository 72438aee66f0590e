#include "config/sequence.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <limits>

#include "config/text.h"

namespace penstock::config {
namespace {

constexpr long long kLargest = std::numeric_limits<std::int32_t>::max();  // keepalived counts in an int
constexpr std::size_t kMostItems = 100'000;

using Item = std::vector<std::string>;

std::optional<long long> parse_number(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text.starts_with('0')) {
    base = 8;
  }
  long long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty() || value < 0 || value > kLargest)
    return std::nullopt;
  return negative ? -value : value;
}

bool is_name(std::string_view text) {
  if (text.empty() || (text.front() >= '0' && text.front() <= '9')) return false;
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string_view::npos;
}

// Splits what stands between parentheses at its commas; `{a, b}` is one item of several words.
std::expected<std::vector<Item>, SequenceError> split_items(std::string_view text, std::size_t begin, std::size_t end) {
  std::vector<Item> items;
  std::size_t at = begin;
  while (true) {
    at = text.find_first_not_of(kBlanks, at);
    Item item;
    if (at < end && text[at] == '{') {
      const std::size_t close = text.find('}', at);
      if (close >= end) return std::unexpected{SequenceError{at, "\"{\" is not closed"}};
      for (std::size_t word = at + 1; word <= close;) {
        const std::size_t comma = std::min(text.find(',', word), close);
        item.emplace_back(trim(text.substr(word, comma - word)));
        word = comma + 1;
      }
      at = text.find_first_not_of(kBlanks, close + 1);
    } else {
      const std::size_t comma = std::min(text.find(',', std::min(at, end)), end);
      item.emplace_back(trim(text.substr(std::min(at, end), comma - std::min(at, end))));
      at = comma;
    }
    items.push_back(std::move(item));
    if (items.size() > kMostItems) return std::unexpected{SequenceError{begin, "more than 100000 values"}};
    if (at >= end) return items;
    if (text[at] != ',') return std::unexpected{SequenceError{at, "\",\" expected"}};
    ++at;
  }
}

std::expected<Sequence, std::string> make_numbers(const std::vector<Item>& items) {
  Sequence out{.names = items.front(), .rows = {}};
  long long numbers[3] = {};
  if (items.size() < 2 || items.size() > 4) return std::unexpected{"~SEQ takes a name and one to three numbers"};
  for (std::size_t i = 1; i < items.size(); ++i) {
    const auto number = items[i].size() == 1 ? parse_number(items[i].front()) : std::nullopt;
    if (!number) return std::unexpected{quote(items[i].front()) + " is not a number"};
    numbers[i - 1] = *number;
  }
  const long long end = numbers[items.size() - 2];
  out.start = items.size() == 2 ? (end < 0 ? -1 : 1) : numbers[0];
  out.step = items.size() == 4 ? numbers[1] : (end < out.start ? -1 : 1);
  if (out.step == 0 || (out.step > 0 && end < out.start) || (out.step < 0 && end > out.start)) {
    return std::unexpected{"the step never reaches the end"};
  }
  out.count = static_cast<std::size_t>((end - out.start) / out.step) + 1;
  return out;
}

std::expected<Sequence, std::string> make_list(const std::vector<Item>& items) {
  Sequence out{.names = items.front(), .rows = {items.begin() + 1, items.end()}};
  if (out.rows.empty()) return std::unexpected{"~LST takes a name and at least one value"};
  for (const Item& row : out.rows) {
    if (row.size() != out.names.size()) {
      return std::unexpected{std::to_string(out.names.size()) + " names need as many values each time, not " +
                             std::to_string(row.size())};
    }
  }
  out.count = out.rows.size();
  return out;
}

}  // namespace

std::string Sequence::value(std::size_t index, std::size_t column) const {
  if (!rows.empty()) return rows[index][column];
  const long long number = start + static_cast<long long>(index) * step;
  char digits[24];
  const auto [end, error] = std::to_chars(std::begin(digits), std::end(digits), number, hexadecimal ? 16 : 10);
  return {digits, end};
}

bool is_sequence(std::string_view text) { return text.starts_with("~SEQ") || text.starts_with("~LST"); }

std::expected<Sequence, SequenceError> parse_sequence(std::string_view text) {
  const bool numbers = text.starts_with("~SEQ");
  const bool hexadecimal = text.starts_with("~SEQx");
  const std::size_t open = text.find_first_not_of(kBlanks, hexadecimal ? 5 : 4);
  if (open == std::string_view::npos || text[open] != '(') return std::unexpected{SequenceError{0, "\"(\" expected"}};
  const std::size_t close = text.find(')', open);
  if (close == std::string_view::npos) return std::unexpected{SequenceError{open, "\"(\" is not closed"}};

  const auto items = split_items(text, open + 1, close);
  if (!items) return std::unexpected{items.error()};
  for (const std::string& name : items->front()) {
    if (!is_name(name)) return std::unexpected{SequenceError{open + 1, quote(name) + " can't be a name"}};
  }
  auto made = numbers ? make_numbers(*items) : make_list(*items);
  if (!made) return std::unexpected{SequenceError{0, made.error()}};
  made->hexadecimal = hexadecimal;
  made->length = std::min(text.size(), text.find_first_not_of(kBlanks, close + 1));
  return *made;
}

}  // namespace penstock::config
