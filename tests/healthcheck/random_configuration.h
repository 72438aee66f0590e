// Random configurations for the simulator, and random changes to them.
//
// Small on purpose: few addresses, few kinds of checks and few paces, so that services share servers and checks, and a change
// of one thing leaves the rest as it was. Only what the binder can make: hysteresis is below quorum, no server comes twice in
// a service and no check twice in a server.
#pragma once

#include <cstdint>
#include <vector>

#include "healthcheck/monitor.h"

namespace penstock::healthcheck {

// SplitMix64 (Steele, Lea, Flood 2014): random enough, made in no time from any seed, and the same everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_{seed} {}
  std::uint64_t next();
  // 0..below - 1
  std::size_t below(std::size_t below) { return static_cast<std::size_t>(next() % below); }
  bool is_one_in(std::size_t count) { return below(count) == 0; }

 private:
  std::uint64_t state_;
};

struct RandomConfiguration {
  std::vector<MonitoredService> services{};
  GlobalPolicy global{};

  explicit RandomConfiguration(Random& random);
  // One to three changes of what an operator would edit; now and then none.
  void change(Random& random);
};

}  // namespace penstock::healthcheck
