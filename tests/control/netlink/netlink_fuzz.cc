// Fuzz target: any bytes as the kernel's netlink messages (netlink_play.h).
#include "tests/control/netlink/netlink_play.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  penstock::control::play_netlink<penstock::control::NetworkTables>({reinterpret_cast<const char*>(data), size});
  return 0;
}
