// What messages say, by the kernel's layout: both versions, both families, options, padding.
#include "sync/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sync/raw_message.h"

namespace penstock::sync {
namespace {

using test::Bytes;
using test::bytes_of;
using test::plain_entry;
using test::RawEntry;
using test::RawMessage;
using test::RawMessage0;
using testing::ElementsAre;

// Entries name bytes of the datagram: `datagram` must live as long.
std::vector<Entry> entries_of(const Bytes& datagram) {
  std::vector<Entry> entries;
  auto message = read_message(datagram);
  EXPECT_TRUE(message.has_value());
  while (auto entry = message->next()) {
    EXPECT_TRUE(entry->has_value()) << name_of(entry->error());
    if (entry->has_value()) entries.push_back(entry->value());
  }
  return entries;
}

RawEntry with_options(std::vector<std::string> options) {
  RawEntry entry;
  entry.options = std::move(options);
  return entry;
}

Bytes message_with(RawEntry entry) {
  RawMessage message;
  message.entries = {std::move(entry)};
  return bytes_of(message);
}

TEST(Message, ReadsBothFamilies) {
  RawMessage raw;
  raw.entries = {RawEntry{}, test::raw_ipv6(), RawEntry{}};
  const Bytes datagram = bytes_of(raw);
  EXPECT_THAT(entries_of(datagram), ElementsAre(plain_entry(), test::plain_entry_ipv6(), plain_entry()));
}

TEST(Message, SaysItsHeader) {
  RawMessage raw;
  raw.syncid = 77;
  const Bytes datagram = bytes_of(raw);
  const auto message = read_message(datagram);
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->syncid(), 77);
  EXPECT_EQ(message->version(), 1);
  EXPECT_EQ(message->entry_count(), 1);
}

TEST(Message, OfNoEntriesIsEmpty) {
  RawMessage raw;
  raw.entries.clear();
  EXPECT_TRUE(entries_of(bytes_of(raw)).empty());
}

TEST(Message, ReadsSequenceShiftsInNetworkOrder) {
  const Bytes datagram = message_with(with_options({"0118" + test::kShiftsHex}));
  Entry expected = plain_entry();
  expected.shifts = test::kShifts;
  EXPECT_THAT(entries_of(datagram), ElementsAre(expected));
}

TEST(Message, ReadsAPersistenceEnginesDataAndName) {
  const Bytes datagram = message_with(with_options({"0205" + std::string{"6361"} + "6c6c31", "0303736970"}));
  Entry expected = plain_entry();
  expected.engine_data = "call1";
  expected.engine_name = "sip";
  EXPECT_THAT(entries_of(datagram), ElementsAre(expected));
}

TEST(Message, ReadsOptionsInAnyOrderAndMarkedAsSkippable) {
  const Bytes datagram = message_with(with_options({"4303736970", "41" + std::string{"18"} + test::kShiftsHex, "4201aa"}));
  Entry expected = plain_entry();
  expected.shifts = test::kShifts;
  expected.engine_data = "\xaa";
  expected.engine_name = "sip";
  EXPECT_THAT(entries_of(datagram), ElementsAre(expected));
}

TEST(Message, SkipsUnknownOptionsThatMayBeSkipped) {
  const Bytes datagram = message_with(with_options({"7f03010203", "c201aa", "0303736970"}));
  Entry expected = plain_entry();
  expected.engine_name = "sip";
  EXPECT_THAT(entries_of(datagram), ElementsAre(expected));
}

TEST(Message, BeginsEachEntryAtAMultipleOfFour) {
  for (const std::string name : {"030161", "03026161", "0303616161", "030461616161"}) {
    RawMessage raw;
    raw.entries = {with_options({name}), RawEntry{}};
    const Bytes datagram = bytes_of(raw);
    Entry named = plain_entry();
    named.engine_name = std::string_view{"aaaa"}.substr(0, name.size() / 2 - 2);
    EXPECT_THAT(entries_of(datagram), ElementsAre(named, plain_entry())) << name;
  }
}

TEST(Message, TakesPaddingBehindTheLastEntry) {
  RawMessage raw;
  raw.entries = {with_options({"030161"})};
  raw.more = "00";
  EXPECT_EQ(entries_of(bytes_of(raw)).size(), 1);
}

TEST(Message, TakesAnyProtocolAndStateOfATemplate) {
  RawEntry raw;
  raw.flags = 0x1183;
  raw.protocol = 0;
  raw.state = 0xffff;
  raw.client_port = 0;
  const auto entries = entries_of(message_with(raw));
  ASSERT_EQ(entries.size(), 1);
  EXPECT_TRUE(entries[0].is_template());
  EXPECT_FALSE(entries[0].is_active());
  EXPECT_EQ(entries[0].state, 0xffff);
}

TEST(Message, TakesEachStateOfEachProtocol) {
  constexpr std::pair<std::uint8_t, std::uint16_t> kStates[] = {{6, 11}, {17, 1}, {132, 14}};
  for (const auto& [protocol, count] : kStates) {
    EXPECT_EQ(state_count_of(protocol), count);
    for (std::uint16_t state = 0; state < count; ++state) {
      RawEntry raw;
      raw.protocol = protocol;
      raw.state = state;
      EXPECT_EQ(entries_of(message_with(raw)).size(), 1) << unsigned{protocol} << " " << state;
    }
  }
}

TEST(Message, ReadsVersion0) {
  RawMessage0 raw;
  raw.entries = {{}, {.protocol = 17, .flags = 0x183, .state = 0}};
  const Bytes datagram = bytes_of(raw);
  Entry tcp = plain_entry();
  tcp.timeout = std::chrono::seconds{0};
  Entry udp = tcp;
  udp.protocol = 17;
  udp.flags = 0x183;
  udp.state = 0;
  EXPECT_THAT(entries_of(datagram), ElementsAre(tcp, udp));
  EXPECT_EQ(read_message(datagram)->version(), 0);
  EXPECT_EQ(read_message(datagram)->syncid(), 50);
}

// The kernel copies them as they lie in memory.
TEST(Message, ReadsVersion0sShiftsInOurByteOrder) {
  RawMessage0 raw;
  raw.entries = {{.flags = 0x283, .shifts = "010000000200000003000000040000000500000006000000"}, {}};
  const auto entries = entries_of(bytes_of(raw));
  ASSERT_EQ(entries.size(), 2);
  EXPECT_EQ(entries[0].shifts, test::kShifts);
  EXPECT_EQ(entries[1].shifts, std::nullopt);
}

}  // namespace
}  // namespace penstock::sync
