// Frames one by one and all together.
#include "tests/control/vrrp/neighbour_frames.h"
#include "tests/support/fuzz_target.h"

namespace penstock::test {

std::vector<std::string> fuzz_seeds() {
  std::vector<std::string> seeds;
  std::string all;
  for (const Bytes& input : neighbour_inputs()) all += seeds.emplace_back(input_of(input));
  seeds.push_back(all);
  return seeds;
}

}  // namespace penstock::test
