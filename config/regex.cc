#include "config/regex.h"

#include <array>
#include <cstddef>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace penstock::config {
namespace {

constexpr auto kNames = std::to_array<std::string_view>({"allow_empty_class",
                                                         "alt_bsux",
                                                         "alt_circumflex",
                                                         "alt_verbnames",
                                                         "auto_callout",
                                                         "caseless",
                                                         "dollar_endonly",
                                                         "dotall",
                                                         "dupnames",
                                                         "extended",
                                                         "firstline",
                                                         "match_unset_backref",
                                                         "multiline",
                                                         "never_backslash_c",
                                                         "never_ucp",
                                                         "never_utf",
                                                         "no_auto_capture",
                                                         "no_auto_possess",
                                                         "no_dotstar_anchor",
                                                         "no_start_optimize",
                                                         "ucp",
                                                         "ungreedy",
                                                         "use_offset_limit",
                                                         "utf"});

constexpr std::array<std::uint32_t, kNames.size()> kBits = {PCRE2_ALLOW_EMPTY_CLASS,
                                                            PCRE2_ALT_BSUX,
                                                            PCRE2_ALT_CIRCUMFLEX,
                                                            PCRE2_ALT_VERBNAMES,
                                                            PCRE2_AUTO_CALLOUT,
                                                            PCRE2_CASELESS,
                                                            PCRE2_DOLLAR_ENDONLY,
                                                            PCRE2_DOTALL,
                                                            PCRE2_DUPNAMES,
                                                            PCRE2_EXTENDED,
                                                            PCRE2_FIRSTLINE,
                                                            PCRE2_MATCH_UNSET_BACKREF,
                                                            PCRE2_MULTILINE,
                                                            PCRE2_NEVER_BACKSLASH_C,
                                                            PCRE2_NEVER_UCP,
                                                            PCRE2_NEVER_UTF,
                                                            PCRE2_NO_AUTO_CAPTURE,
                                                            PCRE2_NO_AUTO_POSSESS,
                                                            PCRE2_NO_DOTSTAR_ANCHOR,
                                                            PCRE2_NO_START_OPTIMIZE,
                                                            PCRE2_UCP,
                                                            PCRE2_UNGREEDY,
                                                            PCRE2_USE_OFFSET_LIMIT,
                                                            PCRE2_UTF};

}  // namespace

std::optional<std::uint32_t> regex_option(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return kBits[i];
  }
  return std::nullopt;
}

std::vector<std::string_view> regex_option_names(std::uint32_t bits) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if ((bits & kBits[i]) != 0) names.push_back(kNames[i]);
  }
  return names;
}

std::span<const std::string_view> all_regex_options() { return kNames; }

std::optional<std::string> regex_fault(std::string_view pattern, std::uint32_t options) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  pcre2_code* const code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), options, &error, &offset, nullptr);
  if (code != nullptr) {
    pcre2_code_free(code);
    return std::nullopt;
  }
  std::array<PCRE2_UCHAR, 256> text{};
  pcre2_get_error_message(error, text.data(), text.size());
  return std::string{reinterpret_cast<const char*>(text.data())} + " (at byte " + std::to_string(offset) + ")";
}

}  // namespace penstock::config
