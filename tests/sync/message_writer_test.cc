// What is written, byte for byte, and when a message is full. raw_message.h is the kernel's layout by hand.
#include "sync/message_writer.h"

#include <gtest/gtest.h>

#include "sync/message.h"
#include "tests/sync/raw_message.h"

namespace penstock::sync {
namespace {

using test::Bytes;
using test::bytes_of;
using test::plain_entry;
using test::RawEntry;
using test::RawMessage;
using test::to_hex;

std::string written(const std::vector<Entry>& entries) {
  MessageWriter writer{1472, 50};
  for (const Entry& entry : entries) EXPECT_TRUE(writer.add(entry));
  return to_hex(writer.take());
}

std::string by_hand(std::vector<RawEntry> entries) {
  RawMessage message;
  message.entries = std::move(entries);
  return to_hex(bytes_of(message));
}

RawEntry raw_with_options(std::vector<std::string> options) {
  RawEntry entry;
  entry.options = std::move(options);
  return entry;
}

Entry named(std::string_view data, std::string_view name) {
  Entry entry = plain_entry();
  entry.engine_data = data;
  entry.engine_name = name;
  return entry;
}

TEST(MessageWriter, WritesBothFamilies) {
  EXPECT_EQ(written({plain_entry(), test::plain_entry_ipv6(), plain_entry()}),
            by_hand({RawEntry{}, test::raw_ipv6(), RawEntry{}}));
}

TEST(MessageWriter, WritesEachOptionInTheKernelsOrder) {
  Entry entry = named("call1", "sip");
  entry.shifts = test::kShifts;
  EXPECT_EQ(written({entry}), by_hand({raw_with_options({"0118" + test::kShiftsHex, "020563616c6c31", "0303736970"})}));
}

TEST(MessageWriter, PadsInFrontOfTheNextEntryOnly) {
  const RawEntry raw = raw_with_options({"020161", "0303736970"});  // 44 bytes
  const RawEntry odd = raw_with_options({"02026161", "0303736970"});
  const Entry even_entry = named("a", "sip");
  const Entry odd_entry = named("aa", "sip");
  EXPECT_EQ(written({even_entry, plain_entry()}), by_hand({raw, RawEntry{}}));
  EXPECT_EQ(written({odd_entry, plain_entry()}), by_hand({odd, RawEntry{}}));
  EXPECT_EQ(written({plain_entry(), odd_entry}), by_hand({RawEntry{}, odd}));
  EXPECT_EQ(written({odd_entry, plain_entry()}).size(), 2 * (8 + 45 + 3 + 36));
  EXPECT_EQ(written({plain_entry(), odd_entry}).size(), 2 * (8 + 36 + 45));
}

TEST(MessageWriter, IsFullAtMaxlen) {
  MessageWriter exact{8 + 2 * 36, 50};
  EXPECT_TRUE(exact.add(plain_entry()));
  EXPECT_TRUE(exact.add(plain_entry()));
  EXPECT_FALSE(exact.add(plain_entry()));
  EXPECT_EQ(exact.size(), 80);
  EXPECT_EQ(exact.take().size(), 80);

  MessageWriter short_of_one{8 + 2 * 36 - 1, 50};
  EXPECT_TRUE(short_of_one.add(plain_entry()));
  EXPECT_FALSE(short_of_one.add(plain_entry()));
}

TEST(MessageWriter, CountsPaddingForMaxlen) {
  MessageWriter writer{8 + 45 + 36 + 2, 50};
  EXPECT_TRUE(writer.add(named("aa", "sip")));
  EXPECT_FALSE(writer.add(plain_entry()));
}

TEST(MessageWriter, HasRoomForOneEntryWhateverMaxlenIs) {
  const std::string data(kMaxEngineData, 'd');
  const std::string name(kMaxEngineName, 'n');
  Entry largest = test::plain_entry_ipv6();
  largest.shifts = test::kShifts;
  largest.engine_data = data;
  largest.engine_name = name;
  MessageWriter writer{1, 50};
  EXPECT_TRUE(writer.add(largest));
  EXPECT_FALSE(writer.add(plain_entry()));
  const Bytes bytes = writer.take();
  EXPECT_EQ(bytes.size(), 8 + 373);
  EXPECT_EQ(*read_message(bytes)->next(), largest);
}

TEST(MessageWriter, HoldsNoMoreThanItsHeaderCanCount) {
  MessageWriter writer{65507, 50};
  for (int i = 0; i < 255; ++i) ASSERT_TRUE(writer.add(plain_entry()));
  EXPECT_FALSE(writer.add(plain_entry()));
  const Bytes bytes = writer.take();
  EXPECT_EQ(bytes.size(), 8 + 255 * 36);
  auto message = read_message(bytes);
  ASSERT_TRUE(message.has_value());
  int count = 0;
  while (auto entry = message->next()) count += *entry == plain_entry() ? 1 : 0;
  EXPECT_EQ(count, 255);
}

TEST(MessageWriter, BeginsANewMessageWhenOneIsTaken) {
  MessageWriter writer{1472, 50};
  EXPECT_TRUE(writer.is_empty());
  EXPECT_TRUE(writer.add(plain_entry()));
  EXPECT_FALSE(writer.is_empty());
  const Bytes first = writer.take();
  EXPECT_TRUE(writer.is_empty());
  EXPECT_EQ(writer.entry_count(), 0);
  EXPECT_TRUE(writer.add(plain_entry()));
  EXPECT_EQ(to_hex(writer.take()), to_hex(first));
}

TEST(MessageWriter, OfNothingWritesAHeaderAlone) {
  MessageWriter writer{1452, 255};
  EXPECT_EQ(to_hex(writer.take()), "00ff000800010000");
}

TEST(MessageWriterDeathTest, EndsOnAnEntryThatCantBeWritten) {
  MessageWriter writer{1472, 50};
  Entry mixed = plain_entry();
  mixed.real_server.address = test::plain_entry_ipv6().real_server.address;
  EXPECT_DEATH(static_cast<void>(writer.add(mixed)), "");
  EXPECT_DEATH(static_cast<void>(writer.add(named("a", "seventeen letters"))), "");
}

}  // namespace
}  // namespace penstock::sync
