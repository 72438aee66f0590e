// seeds-neighbour FOLDER: frames for fuzz-neighbour, one by one and all together.
#include "tests/control/vrrp/neighbour_frames.h"
#include "tests/support/packet_bytes.h"
#include "tests/support/seed_files.h"

int main(int argc, char** argv) {
  using namespace penstock::test;
  return write_seeds(argc, argv, [](SeedFiles& files) {
    Bytes all;
    for (const Bytes& input : neighbour_inputs()) {
      files.add(input);
      append(all, input);
    }
    files.add(all);
  });
}
