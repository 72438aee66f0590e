// Bytes as hexadecimal text: for frames that another program made, and for readable failures.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::test {

using Bytes = std::vector<std::byte>;

// Spaces and line ends are skipped. Throws std::invalid_argument on anything else that isn't a pair of digits.
[[nodiscard]] Bytes from_hex(std::string_view text);
// Lower case, without separators.
[[nodiscard]] std::string to_hex(std::span<const std::byte> bytes);

}  // namespace penstock::test
