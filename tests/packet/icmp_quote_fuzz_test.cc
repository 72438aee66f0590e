// Runs the fuzz target on messages that go far into it, and on those with some bytes changed.
//
// PENSTOCK_TEST_SEED=n replays a run.
#include <gtest/gtest.h>

#include <cstdint>
#include <random>

#include "tests/packet/fuzz_frames.h"
#include "tests/support/packet_bytes.h"
#include "tests/support/seed.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace penstock::packet {
namespace {

using test::Bytes;

TEST(IcmpQuoteFuzz, HoldsForErrorsOfEachKindWithBytesChanged) {
  std::mt19937_64 random{test::seed()};
  for (const Bytes& input : test::icmp_quote_inputs()) {
    for (int round = 0; round < 400; ++round) {
      Bytes changed = input;
      for (auto changes = round == 0 ? 0 : random() % 4; changes > 0; --changes) {
        changed[random() % changed.size()] = static_cast<std::byte>(random());
      }
      EXPECT_EQ(LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(changed.data()), changed.size()), 0);
    }
  }
}

}  // namespace
}  // namespace penstock::packet
