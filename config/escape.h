// What stands behind a backslash, as keepalived.conf(5) lists it: \n and its like, \xHH, \OOO and \cX. Whatever else means
// itself.
#pragma once

#include <cstddef>
#include <string_view>

namespace penstock::config {

// Reads what follows a backslash, from `at` (within the text) on; `at` is left behind it.
[[nodiscard]] char unescape(std::string_view text, std::size_t& at);

}  // namespace penstock::config
