// "did you mean": the known word nearest to a mistyped one.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace penstock::config {

// The candidate within a third of the word's length in edits (a swap of neighbours counts as one; upper and lower case are the
// same), the first such where several are equally near. Empty when none is near enough to be meant.
[[nodiscard]] std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

// `did you mean "x"?`, or empty.
[[nodiscard]] std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace penstock::config
