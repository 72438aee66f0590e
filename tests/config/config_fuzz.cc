// Fuzz target: any bytes as a configuration (config_play.h).
#include "config/print.h"
#include "tests/config/config_play.h"
#include "tests/support/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  penstock::config::play_config({reinterpret_cast<const char*>(data), size},
                                [](const penstock::config::Model& model) { return print(model); });
  return 0;
}
