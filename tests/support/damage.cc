#include "tests/support/fuzz_target.h"

namespace penstock::test {

std::string damaged(std::string input, std::mt19937& random) {
  for (auto changes = random() % 4 + 1; changes > 0 && !input.empty(); --changes) {
    const std::size_t at = random() % input.size();
    switch (random() % 8) {
      case 0: input.erase(at, 1); break;
      case 1: input.insert(at, 1, input[at]); break;
      case 2: input.resize(at); break;
      default: input[at] = static_cast<char>(random()); break;
    }
  }
  return input;
}

}  // namespace penstock::test
