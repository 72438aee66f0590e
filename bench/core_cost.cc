// core-cost CASE PACKETS: has the core process so many packets, in whole bursts, for core_cost.py to count their instructions.
// Without arguments: names the cases, a line each.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <span>
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

struct Case {
  const char* name;
  bool (*run)(std::size_t bursts);  // whether all was forwarded
};

constexpr Case kCases[] = {
    {"established", [](std::size_t bursts) { return forwards_all(EstablishedFlows{kFlows, 0, Sync::kNone}, bursts); }},
    {"established, 255 virtual routers",
     [](std::size_t bursts) { return forwards_all(EstablishedFlows{kFlows, 255, Sync::kNone}, bursts); }},
    {"established, synced", [](std::size_t bursts) { return forwards_all(EstablishedFlows{kFlows, 0, Sync::kOpen}, bursts); }},
    {"established, after a takeover",
     [](std::size_t bursts) { return forwards_all(EstablishedFlows{kFlows, 0, Sync::kStandby}, bursts); }},
    {"new", [](std::size_t bursts) { return forwards_all(NewFlows{kRoom, false}, bursts); }},
    {"new, synced", [](std::size_t bursts) { return forwards_all(NewFlows{kRoom, true}, bursts); }},
    // So few, or valgrind would take minutes to fill the table.
    {"new, the table is full", [](std::size_t bursts) { return forwards_all(NewFlows{1U << 14, false, true}, bursts); }},
};

int run(std::span<char*> arguments) {
  if (arguments.empty()) {
    for (const Case& each : kCases) std::printf("%s\n", each.name);
    return 0;
  }
  std::size_t packets = 0;
  if (arguments.size() == 2) std::from_chars(arguments[1], arguments[1] + std::strlen(arguments[1]), packets);
  const auto* const found = std::ranges::find(kCases, std::string_view{arguments[0]}, &Case::name);
  if (packets == 0 || packets % core::kBurst != 0 || found == std::end(kCases)) {
    std::fputs("usage: core-cost [CASE PACKETS]; PACKETS: of whole bursts\n", stderr);
    return 2;
  }
  return found->run(packets / core::kBurst) ? 0 : 1;
}

}  // namespace
}  // namespace penstock::bench

int main(int argc, char** argv) { return penstock::bench::run({argv + 1, argv + argc}); }
