// Fuzz target: any bytes as a client of the daemon's socket (request_play.h).
#include "control/cli/commands.h"
#include "tests/control/cli/request_play.h"
#include "tests/support/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  penstock::control::play_request({reinterpret_cast<const char*>(data), size}, penstock::control::answer_command);
  return 0;
}
