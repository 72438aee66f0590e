// The course of a scenario: one fault after the other, sometimes several at a time, time to settle, healing, time to settle.
#pragma once

#include <cstdint>
#include <string>

#include "tests/vrrp/simulation/mutant.h"
#include "tests/vrrp/simulation/scenario.h"
#include "tests/vrrp/simulation/tally.h"

namespace penstock::vrrp::simulation {

struct Result {
  Tally tally{};
  std::uint64_t digest = 0;  // of everything that the routers asked for, and when
  std::uint64_t attacks_rejected = 0;
  std::uint64_t events = 0;  // frames sent and heard, changes, faults
  Nanoseconds simulated{};
  std::string violation{};  // empty: none
  std::string report{};     // of a violation: the scenario and its last events
};

[[nodiscard]] Result run_scenario(const Scenario& scenario, Mutant mutant = Mutant::kNone);

}  // namespace penstock::vrrp::simulation
