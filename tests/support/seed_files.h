// Seeds for a fuzz target as files, for the programs seeds-NAME that lab/fuzz.sh runs before fuzz-NAME.
#pragma once

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/hex.h"

namespace penstock::test {

class SeedFiles {
 public:
  // Throws std::filesystem::filesystem_error where the folder can't be made.
  explicit SeedFiles(std::filesystem::path folder) : folder_{std::move(folder)} {
    std::filesystem::create_directories(folder_);
  }

  // Throws std::ios_base::failure where it can't be written.
  void add(const Bytes& bytes) {
    std::ofstream file;
    file.exceptions(std::ios::failbit | std::ios::badbit);
    file.open(folder_ / ("seed-" + std::to_string(count_)), std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    ++count_;
  }
  [[nodiscard]] unsigned count() const { return count_; }

 private:
  std::filesystem::path folder_;
  unsigned count_ = 0;
};

// The main() of such a program: its only argument is the folder. `write`: adds all seeds.
template <typename Write>
int write_seeds(int argc, char** argv, Write write) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FOLDER: writes seed files there\n", argv[0]);
    return 2;
  }
  SeedFiles files{argv[1]};
  write(files);
  std::printf("%u seeds in %s\n", files.count(), argv[1]);
  return 0;
}

}  // namespace penstock::test
