// Numbers as people read them: "1.25 M", "12.5 Mbit/s", "3 d 4 h", "12,345".
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace penstock::control {

// All digits, in groups of three: "1,234,567".
[[nodiscard]] std::string with_separators(std::uint64_t number);

// Three significant digits and a decimal prefix from 10,000 on: "9,999", "12.3 k", "1.23 M". Rounded down, so that a limit is
// never shown as reached before it is.
[[nodiscard]] std::string scaled(std::uint64_t number);

// Bytes with a decimal prefix: "512 B", "12.3 kB".
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);

// A rate of bytes per second as bits: "12.3 Mbit/s".
[[nodiscard]] std::string bit_rate(std::uint64_t bytes_per_second);

// The two largest units: "45 s", "12 min 3 s", "3 d 4 h".
[[nodiscard]] std::string duration_text(std::chrono::seconds duration);

// One digit behind the point: "0.1 ms", "1234.5 ms".
[[nodiscard]] std::string milliseconds_text(std::chrono::nanoseconds duration);

// As a number for JSON.
[[nodiscard]] double seconds(std::chrono::nanoseconds duration);

// A share of 0..1: "0.0 %", "12.3 %", "100.0 %".
[[nodiscard]] std::string percent(double share);

}  // namespace penstock::control
