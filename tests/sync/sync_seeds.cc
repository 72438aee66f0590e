// Messages that the kernel has sent, ones with each option, of version 0, and our notes; checksums as they are.
#include "sync/note.h"
#include "tests/support/fuzz_target.h"
#include "tests/sync/kernel_capture.h"
#include "tests/sync/raw_message.h"

namespace penstock::test {
namespace {

std::vector<Bytes> datagrams() {
  std::vector<Bytes> result;
  for (const auto& captured : kernel_messages()) result.push_back(captured.datagram);
  RawMessage options;
  options.entries = {{}, raw_ipv6(), {}};
  options.entries[0].options = {"0118" + kShiftsHex, "020161", "0303736970", "7f0100"};
  options.entries[1].options = {"03026161"};
  result.push_back(bytes_of(options));
  RawMessage0 version0;
  version0.entries = {{}, {.flags = 0x783, .shifts = kShiftsHex}, {.protocol = 17, .state = 0}};
  result.push_back(bytes_of(version0));
  for (const sync::Note note : sync::kNotes) {
    const auto datagram = sync::note_datagram(note, 50);
    result.emplace_back(datagram.begin(), datagram.end());
  }
  return result;
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  std::vector<std::string> seeds;
  for (const Bytes& datagram : datagrams()) {
    seeds.push_back(std::string{'\1'} + input_of(datagram));
  }
  return seeds;
}

}  // namespace penstock::test
