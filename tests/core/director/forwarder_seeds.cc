// Each packet row as a script.
#include "tests/core/director/row_scripts.h"
#include "tests/support/fuzz_target.h"

namespace penstock::test {

std::vector<std::string> fuzz_seeds() {
  std::vector<std::string> seeds;
  for (const Row& row : all_rows()) seeds.push_back(input_of(script_of(row)));
  return seeds;
}

}  // namespace penstock::test
