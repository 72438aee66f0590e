// What the fuzz targets of this layer begin with, and what their unit tests change bytes of.
#pragma once

#include <vector>

#include "tests/support/hex.h"

namespace penstock::test {

// Inputs for icmp_quote_fuzz.cc.
[[nodiscard]] std::vector<Bytes> icmp_quote_inputs();

}  // namespace penstock::test
