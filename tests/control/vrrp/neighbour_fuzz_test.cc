// Runs the fuzz target on frames that go far into it, one after the other and with some bytes changed.
//
// PENSTOCK_TEST_SEED=n replays a run.
#include <gtest/gtest.h>

#include <cstdint>
#include <random>

#include "tests/control/vrrp/neighbour_frames.h"
#include "tests/support/packet_bytes.h"
#include "tests/support/seed.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace penstock::test {
namespace {

TEST(NeighbourFuzz, HoldsForFramesOfEachKindWithBytesChanged) {
  std::mt19937_64 random{seed()};
  const std::vector<Bytes> inputs = neighbour_inputs();
  for (int day = 0; day < 200; ++day) {
    Bytes all;
    for (int frame = 0; frame < 100; ++frame) {
      Bytes input = inputs[random() % inputs.size()];
      input[0] = static_cast<std::byte>(random() | 1);
      for (auto changes = random() % 3; changes > 0; --changes) {
        input[2 + random() % (input.size() - 2)] = static_cast<std::byte>(random());
      }
      append(all, input);
    }
    EXPECT_EQ(LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(all.data()), all.size()), 0);
  }
}

}  // namespace
}  // namespace penstock::test
