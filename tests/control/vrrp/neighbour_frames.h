// Inputs for neighbour_fuzz.cc: one frame each.
#pragma once

#include <vector>

#include "tests/support/hex.h"

namespace penstock::test {

[[nodiscard]] std::vector<Bytes> neighbour_inputs();

}  // namespace penstock::test
