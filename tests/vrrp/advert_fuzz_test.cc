// Runs the fuzz target on adverts that go far into it, and on those with some bytes changed.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/support/fuzz_target.h"
#include "tests/support/packet_bytes.h"

namespace penstock::vrrp {
namespace {

using test::Bytes;

// The seeds without their first two bytes.
std::vector<Bytes> frames() {
  std::vector<Bytes> result;
  for (const std::string& seed : test::fuzz_seeds()) {
    const auto bytes = std::as_bytes(std::span{seed}).subspan(2);
    result.emplace_back(bytes.begin(), bytes.end());
  }
  return result;
}

// Rules that break abort the test.
void run(std::uint8_t kind, std::uint8_t repair, const Bytes& frame) {
  Bytes input{std::byte{kind}, std::byte{repair}};
  test::append(input, frame);
  EXPECT_EQ(LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size()), 0);
}

TEST(AdvertFuzz, HoldsForAdvertsOfEachKindBeforeEachInstance) {
  for (const Bytes& frame : frames()) {
    for (unsigned kind = 0; kind < 256; ++kind) {
      for (const std::uint8_t repair : std::initializer_list<std::uint8_t>{0, 1, 2})
        run(static_cast<std::uint8_t>(kind), repair, frame);
    }
  }
}

RC_GTEST_PROP(AdvertFuzz, HoldsForChangedAdverts, ()) {
  Bytes frame = *rc::gen::elementOf(frames());
  const int changes = *rc::gen::inRange(1, 5);
  for (int i = 0; i < changes; ++i) {
    frame[*rc::gen::inRange<std::size_t>(12, frame.size())] = std::byte{*rc::gen::arbitrary<std::uint8_t>()};
  }
  frame.resize(*rc::gen::inRange<std::size_t>(frame.size() - 4, frame.size() + 5));
  run(*rc::gen::arbitrary<std::uint8_t>(), *rc::gen::arbitrary<std::uint8_t>(), frame);
}

}  // namespace
}  // namespace penstock::vrrp
