// Fuzz target: any bytes as what happens to a few routers on a LAN (machine_play.h). None may break a rule of checker.h.
#include <cstdio>

#include "tests/support/fuzz_target.h"
#include "tests/vrrp/simulation/checker.h"
#include "tests/vrrp/simulation/machine_play.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace penstock::vrrp::simulation;
  if (size > 512) return 0;
  std::string report;
  try {
    play_machine({reinterpret_cast<const char*>(data), size}, Mutant::kNone, &report);
  } catch (const Violation&) {
    std::fputs(report.c_str(), stderr);
    throw;
  }
  return 0;
}
