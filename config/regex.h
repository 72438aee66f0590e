// Patterns of HTTP_GET and SSL_GET: PCRE2's, with the names that keepalived.conf(5) gives to its options.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::config {

// The bit of pcre2_compile()'s options that a word of regex_options stands for ("caseless": PCRE2_CASELESS).
[[nodiscard]] std::optional<std::uint32_t> regex_option(std::string_view name);

// The words for these bits.
[[nodiscard]] std::vector<std::string_view> regex_option_names(std::uint32_t bits);

// All words, sorted.
[[nodiscard]] std::span<const std::string_view> all_regex_options();

// Why PCRE2 doesn't take a pattern; nothing where it does.
[[nodiscard]] std::optional<std::string> regex_fault(std::string_view pattern, std::uint32_t options);

}  // namespace penstock::config
