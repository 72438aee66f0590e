// Many scenarios, one seed after the other, on all processors: each is independent of the others, so that a seed repeats alone.
#pragma once

#include <cstdint>
#include <string>

#include "tests/vrrp/simulation/episodes.h"

namespace penstock::vrrp::simulation {

struct Campaign {
  std::uint64_t first_seed = 1;
  std::uint64_t failovers = 0;  // at least so many, then no scenario is begun any more
  Mutant mutant = Mutant::kNone;
  unsigned threads = 1;
};

struct Outcome {
  Tally tally{};
  std::uint64_t scenarios = 0;
  std::uint64_t attacks_rejected = 0;
  std::uint64_t events = 0;
  std::string report{};  // of the first violation that was found; empty: none
};

[[nodiscard]] Outcome run(const Campaign& campaign);

}  // namespace penstock::vrrp::simulation
