// Runs the fuzz target on adverts that go far into it, and on those with some bytes changed.
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

#include "tests/support/packet_builder.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace penstock::test {
namespace {

TEST(AdvertGateFuzz, HoldsForChangedAdverts) {
  const auto advert = [](PacketBuilder builder, const char* message) {
    return builder.ttl(255).protocol(112).payload(from_hex(message)).build();
  };
  const std::vector<Bytes> frames{
      advert(PacketBuilder{}.ipv4("10.77.0.3", "224.0.0.18"), "21 33 64 01 01 01 00 00 0a 4d 00 0a 00 00 00 00 00 00 00 00"),
      advert(PacketBuilder{}.ipv4("10.77.0.3", "224.0.0.18"), "31 34 64 01 00 64 60 0f 0a 4d 00 0a"),
      advert(PacketBuilder{}.ipv4("10.77.0.3", "10.77.0.1"), "21 35 64 01 00 01 00 00 0a 4d 00 0a 00 00 00 00 00 00 00 00"),
      advert(PacketBuilder{}.ipv6("fe80::3", "ff02::12"), "31 33 64 00 00 64 00 00"),
      PacketBuilder{}
          .ipv4("10.77.0.3", "224.0.0.18")
          .protocol(51)
          .payload(from_hex("70 01 00 00 00 00 00 00 00 00 00 00 21 33"))
          .build()};
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random{seed};
  for (int round = 0; round < 20'000; ++round) {
    const Bytes& frame = frames[random() % frames.size()];
    std::vector<std::uint8_t> input{static_cast<std::uint8_t>(random() % 8 == 0 ? random() : 0)};
    for (const std::byte byte : frame) input.push_back(std::to_integer<std::uint8_t>(byte));
    for (auto changes = random() % 3; changes > 0; --changes)
      input[13 + random() % (input.size() - 13)] = static_cast<std::uint8_t>(random());
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
}

}  // namespace
}  // namespace penstock::test
