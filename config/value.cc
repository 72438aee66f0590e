#include "config/value.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "config/text.h"

namespace penstock::config {
namespace {

// The whole text as a number, or nothing.
template <typename Number, typename... Format>
std::optional<Number> parse_whole(std::string_view text, Format... format) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, format...);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_hexadecimal(std::string_view text) {
  return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

// "200" or "200-299".
bool is_status_code(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = parse_integer(text.substr(0, dash), 100, 599);
  if (!first) return false;
  if (dash == std::string_view::npos) return true;
  const auto last = parse_integer(text.substr(dash + 1), 100, 599);
  return last && *first <= *last;
}

std::string number_text(double value) {
  char buffer[32];
  const auto [end, error] = std::to_chars(std::begin(buffer), std::end(buffer), value, std::chars_format::fixed);
  return {buffer, end};
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) { return parse_whole<std::int64_t>(text); }

std::optional<std::int64_t> parse_integer(std::string_view text, std::int64_t low, std::int64_t high) {
  const auto value = parse_integer(text);
  return value && *value >= low && *value <= high ? value : std::nullopt;
}

std::optional<double> parse_decimal(std::string_view text) {
  if (text.find_first_not_of("+-.0123456789") != std::string_view::npos) return std::nullopt;  // no inf, nan
  return parse_whole<double>(text, std::chars_format::fixed);
}

std::optional<bool> parse_boolean(std::string_view text) {
  if (text == "on" || text == "true" || text == "yes") return true;
  if (text == "off" || text == "false" || text == "no") return false;
  return std::nullopt;
}

bool is_interface_name(std::string_view text) {
  return !text.empty() && text.size() <= 15 && text != "." && text != ".." &&
         std::none_of(text.begin(), text.end(), [](char c) { return c == '/' || static_cast<unsigned char>(c) <= ' '; });
}

std::vector<std::string_view> split_choices(std::string_view choices) {
  std::vector<std::string_view> parts;
  while (!choices.empty()) {
    const std::size_t bar = std::min(choices.size(), choices.find('|'));
    parts.push_back(choices.substr(0, bar));
    choices.remove_prefix(std::min(choices.size(), bar + 1));
  }
  return parts;
}

bool accepts(const Argument& argument, std::string_view text) {
  switch (argument.kind) {
    case Argument::Kind::kAny: return true;
    case Argument::Kind::kInteger: {
      const auto value = parse_integer(text);
      return value && static_cast<double>(*value) >= argument.low && static_cast<double>(*value) <= argument.high;
    }
    case Argument::Kind::kDecimal: {
      const auto value = parse_decimal(text);
      return value && *value >= argument.low && *value <= argument.high;
    }
    case Argument::Kind::kBoolean: return parse_boolean(text).has_value();
    case Argument::Kind::kAddress: return packet::IpAddress::parse(text).has_value();
    case Argument::Kind::kInterface: return is_interface_name(text);
    case Argument::Kind::kMd5: return text.size() == 32 && is_hexadecimal(text);
    case Argument::Kind::kStatusCode: return is_status_code(text);
    case Argument::Kind::kChoice: {
      const auto choices = split_choices(argument.choices);
      return std::find(choices.begin(), choices.end(), text) != choices.end();
    }
  }
  return false;
}

std::string describe(const Argument& argument) {
  const std::string range = " from " + number_text(argument.low) + " to " + number_text(argument.high);
  if (argument.kind == Argument::Kind::kInteger && argument.high == argument.low + 1) {
    return number_text(argument.low) + " or " + number_text(argument.high);
  }
  switch (argument.kind) {
    case Argument::Kind::kAny: return std::string{argument.choices};
    case Argument::Kind::kInteger: return "a whole number" + range;
    case Argument::Kind::kDecimal: return "a number" + range;
    case Argument::Kind::kBoolean: return "on, off, true, false, yes or no";
    case Argument::Kind::kAddress: return "an IPv4 or IPv6 address";
    case Argument::Kind::kInterface: return "the name of an interface (at most 15 bytes)";
    case Argument::Kind::kMd5: return "32 hexadecimal digits";
    case Argument::Kind::kStatusCode: return "HTTP status codes or ranges of them (200-299)";
    case Argument::Kind::kChoice: {
      std::string out;
      const auto choices = split_choices(argument.choices);
      for (std::size_t i = 0; i < choices.size(); ++i) {
        if (i != 0) out += i + 1 == choices.size() ? " or " : ", ";
        out += choices[i];
      }
      return out;
    }
  }
  return {};
}

}  // namespace penstock::config
