// core-cost CASE BURSTS: has the core process so many bursts, for core_cost.py to count their instructions.
#include <charconv>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string_view>

#include "bench/scenes.h"

namespace penstock::bench {
namespace {

constexpr std::uint32_t kFlows = 4096;

bool forwards_all(auto scene, std::size_t bursts) {
  for (std::size_t i = 0; i < bursts; ++i) {
    scene.receive();
    scene.process();
  }
  return scene.forwarded() == bursts;
}

// Nothing: no such case.
std::optional<bool> run_case(std::string_view name, std::size_t bursts) {
  if (name == "established") return forwards_all(EstablishedFlows{kFlows, 0, Sync::kNone}, bursts);
  if (name == "established, 255 virtual routers") return forwards_all(EstablishedFlows{kFlows, 255, Sync::kNone}, bursts);
  if (name == "established, synced") return forwards_all(EstablishedFlows{kFlows, 0, Sync::kOpen}, bursts);
  if (name == "established, after a takeover") return forwards_all(EstablishedFlows{kFlows, 0, Sync::kStandby}, bursts);
  if (name == "new") return forwards_all(NewFlows{kRoom, false}, bursts);
  if (name == "new, synced") return forwards_all(NewFlows{kRoom, true}, bursts);
  return std::nullopt;
}

}  // namespace
}  // namespace penstock::bench

int main(int argc, char** argv) {
  std::size_t bursts = 0;
  if (argc == 3) std::from_chars(argv[2], argv[2] + std::strlen(argv[2]), bursts);
  std::optional<bool> forwarded;
  if (bursts != 0) forwarded = penstock::bench::run_case(argv[1], bursts);
  if (!forwarded) {
    std::fputs("usage: core-cost CASE BURSTS\n", stderr);
    return 2;
  }
  return *forwarded ? 0 : 1;
}
