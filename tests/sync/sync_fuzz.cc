// Fuzz target: any bytes as a sync datagram. Nothing is read outside, and:
//   - a message has at most as many answers as entries, and one more; nothing comes behind a bad point;
//   - what an entry names lies in the datagram, and a usable one has a protocol and a state;
//   - entries that were read can be written, and are the same when they are read again.
// A broken rule throws. The unit tests call it too (sync_fuzz_test.cc), so that it can't rot between runs of the fuzzer.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sync/message.h"
#include "sync/message_writer.h"
#include "tests/support/fuzz_target.h"

namespace {

using namespace penstock::sync;
using penstock::test::require;

bool lies_in(std::string_view text, std::span<const std::byte> datagram) {
  const auto bytes = std::as_bytes(std::span{text});
  return text.empty() || (bytes.data() >= datagram.data() && bytes.data() + bytes.size() <= datagram.data() + datagram.size());
}

void require_sound(const Entry& entry, std::span<const std::byte> datagram) {
  require(entry.is_template() || entry.state < state_count_of(entry.protocol), "a connection has a protocol and a state");
  require(lies_in(entry.engine_data, datagram) && lies_in(entry.engine_name, datagram), "texts lie in the datagram");
  require(entry.engine_data.empty() || !entry.engine_name.empty(), "an engine's data has a name");
  const auto refusal = refusal_of(entry);
  require(!refusal || scope_of(*refusal) == RefusalScope::kEntry, "a well-formed entry is refused alone");
}

std::vector<Entry> read_all(Message message, std::span<const std::byte> datagram) {
  std::vector<Entry> entries;
  unsigned answers = 0;
  bool has_ended = false;
  while (auto entry = message.next()) {
    require(!has_ended, "nothing comes behind a bad point");
    require(++answers <= message.entry_count() + 1, "a message has an end");
    if (entry->has_value()) {
      require_sound(**entry, datagram);
      entries.push_back(**entry);
    } else {
      require(!describe(entry->error()).empty(), "a refusal has words");
      has_ended = scope_of(entry->error()) == RefusalScope::kDatagram;
    }
  }
  return entries;
}

void require_same_when_written(const std::vector<Entry>& entries) {
  constexpr std::size_t kMaxlen = 65507;
  MessageWriter writer{kMaxlen, 1};
  for (const Entry& entry : entries) require(writer.add(entry), "a message of ours holds what another held");
  const auto bytes = writer.take();
  const auto again = read_message(bytes);
  require(again.has_value(), "a message of ours can be read");
  require(read_all(*again, bytes) == entries, "what we write says the same");
}

void check_datagram(std::span<const std::byte> datagram) {
  const auto message = read_message(datagram);
  if (!message) {
    require(scope_of(message.error()) == RefusalScope::kDatagram, "a bad header ends the datagram");
    return;
  }
  if (message->note()) {
    const auto again = note_datagram(*message->note(), message->syncid());
    require(std::ranges::equal(again, datagram), "a note is written as it was");
  }
  const auto entries = read_all(*message, datagram);
  if (!entries.empty()) require_same_when_written(entries);
}

}  // namespace

// A fuzzer doesn't guess lengths: with an even first byte the header's size becomes right.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const auto bytes = std::as_bytes(std::span{data, size}).subspan(1);
  std::vector<std::byte> datagram{bytes.begin(), bytes.end()};
  if (data[0] % 2 == 0 && datagram.size() >= 4) {
    datagram[2] = static_cast<std::byte>(datagram.size() >> 8);
    datagram[3] = static_cast<std::byte>(datagram.size());
  }
  check_datagram(datagram);
  return 0;
}
