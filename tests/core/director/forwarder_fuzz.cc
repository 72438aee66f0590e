// Fuzz target: any bytes as a director's day (frame_script.h), lived by a forwarder and by the reference director. A difference
// in any verdict, byte or counter aborts, as does a frame that reads or writes outside its buffer.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

#include "tests/core/director/differential.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string complaint = penstock::test::run_script(std::as_bytes(std::span{data, size}));
  if (complaint.empty()) return 0;
  std::fprintf(stderr, "the forwarder differs from the reference director: %s\n", complaint.c_str());
  std::abort();
}
