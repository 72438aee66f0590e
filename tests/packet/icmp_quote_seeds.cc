#include "tests/packet/fuzz_frames.h"
#include "tests/support/fuzz_target.h"

namespace penstock::test {

std::vector<std::string> fuzz_seeds() {
  std::vector<std::string> seeds;
  for (const Bytes& input : icmp_quote_inputs()) seeds.push_back(input_of(input));
  return seeds;
}

}  // namespace penstock::test
