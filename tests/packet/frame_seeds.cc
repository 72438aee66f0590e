// seeds-frame FOLDER: each frame of the packet rows for fuzz-frame.
#include "tests/support/packet_bytes.h"
#include "tests/support/rows.h"
#include "tests/support/seed_files.h"

int main(int argc, char** argv) {
  using namespace penstock::test;
  return write_seeds(argc, argv, [](SeedFiles& files) {
    for (const Row& row : all_rows()) {
      if (row.in.empty()) continue;
      Bytes input{std::byte{0}, std::byte{64}};  // the first kind of error, 64 bytes of room, the checksum as it is
      append(input, row.in);
      files.add(input);
    }
  });
}
