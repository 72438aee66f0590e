// How many failovers a simulation has seen, by what caused them and by the number of routers.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/vrrp/simulation/scenario.h"

namespace penstock::vrrp::simulation {

enum class Fault : std::uint8_t {
  kCrash,
  kStop,       // with its farewell
  kRestart,    // a router comes (back)
  kStall,      // isn't run for a while
  kInterface,  // down, and up again
  kReload,     // other priority, addresses, interval
  kScript,     // a tracked one fails, or recovers: weight or condition
  kPartition,  // in two halves, and healed
  kOneWay,     // some don't hear others that hear them
  kBadTimes,   // loss, duplication, reordering
};
inline constexpr std::size_t kFaults = 10;
[[nodiscard]] std::string_view to_string(Fault fault);

// A failover: a router becomes MASTER after another one of the same virtual router was.
class Tally {
 public:
  void count(Fault cause, std::size_t routers) { ++cells_[static_cast<std::size_t>(cause)][routers - kLeastRouters]; }
  void add(const Tally& other);
  [[nodiscard]] std::uint64_t total() const;
  [[nodiscard]] std::uint64_t least() const;  // of any cell
  [[nodiscard]] std::string table() const;

 private:
  std::array<std::array<std::uint64_t, kRouterCounts>, kFaults> cells_{};
};

}  // namespace penstock::vrrp::simulation
