// A packet row as a script: what the forwarder's fuzzer begins with.
#pragma once

#include "tests/support/rows.h"

namespace penstock::test {

// Its servers, events and frames, as far as scripts have words for them; a frame that is too long for one is left out.
[[nodiscard]] Bytes script_of(const Row& row);

}  // namespace penstock::test
