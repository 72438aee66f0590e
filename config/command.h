// A command line in one value: `misc_path "/usr/bin/check 'a b' c"`.
//
// keepalived runs no shell: it cuts the value into words at blanks and gives them to execve(). Either quote keeps blanks, a
// backslash escapes within and without quotes; `$`, `|`, `>` and `;` are ordinary bytes.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::config {

// The words, or what is wrong with it. Empty for a value of blanks.
[[nodiscard]] std::expected<std::vector<std::string>, std::string> split_command(std::string_view text);

// A value that split_command() cuts into these words.
[[nodiscard]] std::string join_command(const std::vector<std::string>& words);

// The word as a file shows it: as it is where that is safe, else in double quotes with escapes.
[[nodiscard]] std::string quoted_word(std::string_view word);

}  // namespace penstock::config
