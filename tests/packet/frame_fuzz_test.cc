// Runs the fuzz target on frames that go far into it, and on those with some bytes changed.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "dataplane/packet/icmp.h"
#include "tests/support/packet_builder.h"
#include "tests/support/packet_bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace penstock::packet {
namespace {

using test::Bytes;
using test::PacketBuilder;

std::vector<Bytes> frames() {
  const auto v4 = [] { return PacketBuilder{}.ipv4("10.0.0.1", "192.168.1.200"); };
  const auto v6 = [] { return PacketBuilder{}.ipv6("fd77::1", "fd77::100"); };
  return {v4().tcp(1, 2).payload(700).build(),
          v4().vlan(0).udp(1, 2).build(),
          v4().ipv4_options(Bytes(8, std::byte{1})).fragment(0, true, 7).udp(1, 2).payload(16).build(),
          v4().icmp_error(3, 4, 1400, v4().tcp(1, 2).build()).build(),
          v4().icmp_echo_request(1, 1).pad_to(60).build(),
          v6().tcp(1, 2).payload(1400).build(),
          v6().hop_by_hop().fragment(8, true, 7).protocol(17).payload(16).build(),
          v6().destination_options(24).udp(1, 2).build(),
          v6().icmp_error(2, 0, 1400, v6().udp(1, 2).build()).build(),
          v6().neighbour_solicitation("fd77::100", test::kClientMac).build(),
          PacketBuilder{}.arp(2, test::kClientMac, "10.0.0.1", test::kDirectorMac, "10.0.0.2").build()};
}

// Rules that break abort the test.
void run(std::uint8_t kind_and_segments, std::uint8_t room, const Bytes& frame) {
  Bytes input{std::byte{kind_and_segments}, std::byte{room}};
  test::append(input, frame);
  EXPECT_EQ(LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size()), 0);
}

TEST(FrameFuzz, HoldsForWellFormedFramesOfEachKindAndRoom) {
  for (const Bytes& frame : frames()) {
    for (const std::uint8_t kind : std::initializer_list<std::uint8_t>{0, 1, 2, 200}) {
      for (unsigned room = 0; room < 256; ++room) run(kind, static_cast<std::uint8_t>(room), frame);
    }
  }
}

RC_GTEST_PROP(FrameFuzzProperty, HoldsForFramesWithAnyBytesChanged, (std::uint8_t kind, std::uint8_t room)) {
  static const std::vector<Bytes> kFrames = frames();
  Bytes frame = *rc::gen::elementOf(kFrames);
  const auto changes = *rc::gen::inRange(1, 6);
  for (int i = 0; i < changes; ++i) {
    frame[*rc::gen::inRange<std::size_t>(0, std::min<std::size_t>(frame.size(), 100))] =
        std::byte{*rc::gen::arbitrary<std::uint8_t>()};
  }
  run(kind, room, frame);
}

}  // namespace
}  // namespace penstock::packet
