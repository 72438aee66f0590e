// Verdicts and outcomes as text, so that a failure shows both sides.
#pragma once

#include <string>

#include "tests/core/test_worker.h"
#include "tests/support/rows.h"

namespace penstock::test {

[[nodiscard]] std::string text_of(const core::Verdict& verdict);
// With the bytes, as far as somebody gets them; an IPv4 reply's without its identification.
[[nodiscard]] std::string text_of(const Outcome& expected);
[[nodiscard]] std::string text_of(const Handled& handled);

}  // namespace penstock::test
