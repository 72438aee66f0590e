// Courses of scenarios, drawn at random, the same each time.
#include "tests/support/fuzz_target.h"
#include "tests/vrrp/simulation/machine_play.h"

namespace penstock::test {

std::vector<std::string> fuzz_seeds() {
  std::vector<std::string> seeds;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) seeds.push_back(vrrp::simulation::draw_orders(seed));
  return seeds;
}

}  // namespace penstock::test
