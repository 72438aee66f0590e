// seeds-NAME DIRECTORY: writes what fuzz-NAME begins with, a file for each input.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/support/fuzz_target.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
    return 2;
  }
  const std::filesystem::path directory{argv[1]};
  std::filesystem::create_directories(directory);
  std::size_t number = 0;
  for (const std::string& seed : penstock::test::fuzz_seeds()) {
    std::ofstream file{directory / ("seed-" + std::to_string(number++)), std::ios::binary};
    file << seed;
    if (!file.flush()) {
      std::fprintf(stderr, "%s: cannot write to %s\n", argv[0], argv[1]);
      return 1;
    }
  }
  return 0;
}
