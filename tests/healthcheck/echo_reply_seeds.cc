// Each family, and packets with an IPv4 header of each length.
#include "tests/support/fuzz_target.h"

namespace penstock::test {

std::vector<std::string> fuzz_seeds() {
  std::vector<std::string> seeds;
  for (const char family : {'\0', '\1'}) {
    for (const char words : {'\5', '\6', '\17', '\4'}) {
      std::string input{family};
      input += std::string{"\x12\x34\0\7NONCENON", 12};
      input += std::string{static_cast<char>(4 * words), '\1', '\30'};
      input += static_cast<char>(0x40 | words);
      seeds.push_back(input + std::string(80, '\0'));
    }
  }
  return seeds;
}

}  // namespace penstock::test
