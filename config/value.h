// Words as values: numbers, times, switches, addresses and names, in keepalived's spellings.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/schema.h"
#include "dataplane/packet/ip_address.h"

namespace penstock::config {

// The largest number that keepalived takes where it names no bound.
inline constexpr std::int64_t kLargestNumber = std::numeric_limits<std::int32_t>::max();

// Decimal digits with an optional sign, within 64 bits; nothing else.
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text);
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text, std::int64_t low, std::int64_t high);

// Digits with an optional sign and fraction ("3", "0.25").
[[nodiscard]] std::optional<double> parse_decimal(std::string_view text);

// on, true, yes: true. off, false, no: false.
[[nodiscard]] std::optional<bool> parse_boolean(std::string_view text);

// A name that Linux takes for an interface: 1 to 15 bytes without blanks and slashes.
[[nodiscard]] bool is_interface_name(std::string_view text);

// The parts of "A|B|C".
[[nodiscard]] std::vector<std::string_view> split_choices(std::string_view choices);

// Whether a word is such a value, and how to say what is wanted ("a whole number from 1 to 255").
[[nodiscard]] bool accepts(const Argument& argument, std::string_view text);
[[nodiscard]] std::string describe(const Argument& argument);

}  // namespace penstock::config
