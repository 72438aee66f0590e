// Runs the fuzz target on messages that go far into it, and on those with some bytes changed.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "sync/note.h"
#include "tests/support/packet_bytes.h"
#include "tests/sync/kernel_capture.h"
#include "tests/sync/raw_message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace penstock::sync {
namespace {

using test::Bytes;

std::vector<Bytes> datagrams() {
  std::vector<Bytes> result;
  for (const auto& captured : test::kernel_messages()) result.push_back(captured.datagram);
  test::RawMessage options;
  options.entries = {{}, test::raw_ipv6(), {}};
  options.entries[0].options = {"0118" + test::kShiftsHex, "020161", "0303736970", "7f0100"};
  options.entries[1].options = {"03026161"};
  result.push_back(test::bytes_of(options));
  test::RawMessage0 version0;
  version0.entries = {{}, {.flags = 0x783, .shifts = test::kShiftsHex}, {.protocol = 17, .state = 0}};
  result.push_back(test::bytes_of(version0));
  for (const Note note : kNotes) {
    const auto datagram = note_datagram(note, 50);
    result.emplace_back(datagram.begin(), datagram.end());
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
