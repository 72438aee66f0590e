// seeds-icmp-quote FOLDER: messages for fuzz-icmp-quote.
#include "tests/packet/fuzz_frames.h"
#include "tests/support/seed_files.h"

int main(int argc, char** argv) {
  using namespace penstock::test;
  return write_seeds(argc, argv, [](SeedFiles& files) {
    for (const Bytes& input : icmp_quote_inputs()) files.add(input);
  });
}
