// Each frame of the packet rows.
#include "tests/support/fuzz_target.h"
#include "tests/support/rows.h"

namespace penstock::test {

std::vector<std::string> fuzz_seeds() {
  const std::string kind_and_room{'\0', '\100'};  // the first kind of error, 64 bytes of room, the checksum as it is
  std::vector<std::string> seeds;
  for (const Row& row : all_rows()) {
    if (!row.in.empty()) seeds.push_back(kind_and_room + input_of(row.in));
  }
  return seeds;
}

}  // namespace penstock::test
