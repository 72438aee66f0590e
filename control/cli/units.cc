#include "control/cli/units.h"

#include <fmt/format.h>

namespace penstock::control {
namespace {

// The number in its largest decimal unit, as text and the unit's prefix.
struct Scaled {
  std::string digits;
  std::string_view prefix;
};

Scaled scale(std::uint64_t number) {
  static constexpr std::string_view kPrefixes[] = {"", "k", "M", "G", "T", "P", "E"};
  if (number < 10'000) return {with_separators(number), ""};
  std::uint64_t unit = 1;
  std::size_t prefix = 0;
  while (number / unit >= 1000) {
    unit *= 1000;
    ++prefix;
  }
  const std::uint64_t whole = number / unit;
  const std::uint64_t hundredths = number % unit / (unit / 100);  // unit >= 1000 here
  if (whole >= 100) return {std::to_string(whole), kPrefixes[prefix]};
  if (whole >= 10) return {fmt::format("{}.{}", whole, hundredths / 10), kPrefixes[prefix]};
  return {fmt::format("{}.{:02}", whole, hundredths), kPrefixes[prefix]};
}

}  // namespace

std::string with_separators(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, 1, ',');
  return digits;
}

std::string scaled(std::uint64_t number) {
  const auto [digits, prefix] = scale(number);
  return prefix.empty() ? digits : fmt::format("{} {}", digits, prefix);
}

std::string bytes_text(std::uint64_t bytes) {
  const auto [digits, prefix] = scale(bytes);
  return fmt::format("{} {}B", digits, prefix);
}

std::string bit_rate(std::uint64_t bytes_per_second) {
  const auto [digits, prefix] = scale(bytes_per_second * 8);
  return fmt::format("{} {}bit/s", digits, prefix);
}

std::string duration_text(std::chrono::seconds duration) {
  const auto seconds = duration.count();
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{} h {} min", seconds / 3600, seconds % 3600 / 60);
  return fmt::format("{} d {} h", seconds / 86400, seconds % 86400 / 3600);
}

std::string milliseconds_text(std::chrono::nanoseconds duration) {
  return fmt::format("{:.1f} ms", std::chrono::duration<double, std::milli>(duration).count());
}

double seconds(std::chrono::nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

std::string percent(double share) { return fmt::format("{:.1f} %", share * 100); }

}  // namespace penstock::control
