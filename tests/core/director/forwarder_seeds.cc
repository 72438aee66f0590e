// seeds-forwarder FOLDER: each packet row as a script for fuzz-forwarder.
#include "tests/core/director/row_scripts.h"
#include "tests/support/seed_files.h"

int main(int argc, char** argv) {
  using namespace penstock::test;
  return write_seeds(argc, argv, [](SeedFiles& files) {
    for (const Row& row : all_rows()) files.add(script_of(row));
  });
}
