// Runs the fuzz target on messages that go far into it, and on those with some bytes changed.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <span>

#include "tests/support/fuzz_target.h"
#include "tests/support/packet_bytes.h"

namespace penstock::sync {
namespace {

using test::Bytes;

// The seeds without their first byte.
std::vector<Bytes> datagrams() {
  std::vector<Bytes> result;
  for (const std::string& seed : test::fuzz_seeds()) {
    const auto bytes = std::as_bytes(std::span{seed}).subspan(1);
    result.emplace_back(bytes.begin(), bytes.end());
  }
  return result;
}

// Rules that break abort the test.
void run(std::uint8_t repair, const Bytes& datagram) {
  Bytes input{std::byte{repair}};
  test::append(input, datagram);
  EXPECT_EQ(LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size()), 0);
}

TEST(SyncFuzz, HoldsForEachLengthOfAMessage) {
  for (const Bytes& datagram : datagrams()) {
    for (std::size_t size = 0; size <= datagram.size(); ++size) {
      const Bytes part{datagram.begin(), datagram.begin() + static_cast<std::ptrdiff_t>(size)};
      run(0, part);
      run(1, part);
    }
  }
}

RC_GTEST_PROP(SyncFuzz, HoldsForChangedMessages, ()) {
  Bytes datagram = *rc::gen::elementOf(datagrams());
  const int changes = *rc::gen::inRange(1, 5);
  for (int i = 0; i < changes; ++i) {
    datagram[*rc::gen::inRange<std::size_t>(0, datagram.size())] = std::byte{*rc::gen::arbitrary<std::uint8_t>()};
  }
  datagram.resize(*rc::gen::inRange<std::size_t>(datagram.size() - 4, datagram.size() + 5));
  run(*rc::gen::arbitrary<std::uint8_t>(), datagram);
}

}  // namespace
}  // namespace penstock::sync
