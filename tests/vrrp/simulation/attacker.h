// A hostile host on the LAN: adverts that no router may believe, each of which would do harm if one did.
#pragma once

#include <cstddef>
#include <vector>

#include "tests/vrrp/simulation/random.h"
#include "tests/vrrp/simulation/scenario.h"

namespace penstock::vrrp::simulation {

class Attacker {
 public:
  Attacker(const Scenario& scenario, Random random) : scenario_{scenario}, random_{random} {}

  // For this router, who rejects it.
  [[nodiscard]] std::vector<std::byte> frame_for(std::size_t router);
  [[nodiscard]] Nanoseconds pause();
  [[nodiscard]] std::size_t victim() { return random_.below(scenario_.routers); }

 private:
  const Scenario& scenario_;
  Random random_;
};

}  // namespace penstock::vrrp::simulation
