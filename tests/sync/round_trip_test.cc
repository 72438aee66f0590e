// Any entries, written and read again, are the same.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <deque>

#include "sync/message.h"
#include "sync/message_writer.h"
#include "tests/support/hex.h"

namespace penstock::sync {
namespace {

using test::Bytes;

packet::Endpoint any_endpoint(bool is_v4) {
  const auto port = *rc::gen::arbitrary<std::uint16_t>();
  if (is_v4) return {packet::Ipv4Address{*rc::gen::arbitrary<std::uint32_t>()}, port};
  return {packet::Ipv6Address{*rc::gen::container<std::array<std::uint8_t, 16>>(rc::gen::arbitrary<std::uint8_t>())}, port};
}

SequenceShift any_shift() {
  return {*rc::gen::arbitrary<std::uint32_t>(), *rc::gen::arbitrary<std::uint32_t>(), *rc::gen::arbitrary<std::uint32_t>()};
}

// What an engine says is kept in `texts`, whose elements stay where they are.
std::string_view any_text(std::deque<std::string>& texts, std::size_t least, std::size_t most) {
  const auto size = *rc::gen::inRange<std::size_t>(least, most + 1);
  return texts.emplace_back(*rc::gen::container<std::string>(size, rc::gen::arbitrary<char>()));
}

Entry any_entry(std::deque<std::string>& texts) {
  const bool is_v4 = *rc::gen::arbitrary<bool>();
  Entry entry;
  entry.client = any_endpoint(is_v4);
  entry.virtual_server = any_endpoint(is_v4);
  entry.real_server = any_endpoint(is_v4);
  entry.flags = *rc::gen::arbitrary<std::uint32_t>();
  entry.firewall_mark = *rc::gen::arbitrary<std::uint32_t>();
  entry.timeout = std::chrono::seconds{*rc::gen::arbitrary<std::uint32_t>()};
  if (entry.is_template()) {
    entry.protocol = *rc::gen::arbitrary<std::uint8_t>();
    entry.state = *rc::gen::arbitrary<std::uint16_t>();
  } else {
    entry.protocol = *rc::gen::element<std::uint8_t>(6, 17, 132);
    entry.state = *rc::gen::inRange<std::uint16_t>(0, state_count_of(entry.protocol));
  }
  if (*rc::gen::arbitrary<bool>()) entry.shifts = SequenceShifts{any_shift(), any_shift()};
  if (*rc::gen::arbitrary<bool>()) entry.engine_name = any_text(texts, 1, kMaxEngineName);
  if (!entry.engine_name.empty()) entry.engine_data = any_text(texts, 0, kMaxEngineData);
  return entry;
}

RC_GTEST_PROP(RoundTrip, KeepsAnyEntries, (std::uint8_t syncid)) {
  std::deque<std::string> texts;
  std::vector<Entry> entries;
  const auto count = *rc::gen::inRange(0, 40);
  for (int i = 0; i < count; ++i) entries.push_back(any_entry(texts));

  const auto maxlen = *rc::gen::inRange<std::size_t>(1, 4000);
  MessageWriter writer{maxlen, syncid};
  std::vector<Bytes> messages;
  for (const Entry& entry : entries) {
    if (writer.add(entry)) continue;
    messages.push_back(writer.take());
    RC_ASSERT(writer.add(entry));
  }
  messages.push_back(writer.take());

  std::vector<Entry> read;
  for (const Bytes& bytes : messages) {
    auto message = read_message(bytes);
    RC_ASSERT(message.has_value());
    RC_ASSERT(message->syncid() == syncid);
    RC_ASSERT(bytes.size() <= maxlen || message->entry_count() <= 1);
    while (auto entry = message->next()) {
      RC_ASSERT(entry->has_value());
      read.push_back(**entry);
    }
  }
  RC_ASSERT(read == entries);
}

}  // namespace
}  // namespace penstock::sync
