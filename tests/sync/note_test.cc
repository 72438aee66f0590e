#include "sync/note.h"

#include <gtest/gtest.h>

#include "sync/message.h"
#include "sync/message_writer.h"
#include "tests/support/hex.h"

namespace penstock::sync {
namespace {

using test::Bytes;

TEST(Note, IsReadAsWritten) {
  for (const Note note : kNotes) {
    for (const std::uint8_t syncid : std::initializer_list<std::uint8_t>{0, 50, 255}) {
      const auto datagram = note_datagram(note, syncid);
      auto message = read_message(datagram);
      ASSERT_TRUE(message.has_value()) << to_string(note);
      EXPECT_EQ(message->note(), note);
      EXPECT_EQ(message->syncid(), syncid);
      EXPECT_FALSE(message->next().has_value());
      EXPECT_NE(to_string(note), "unknown");
    }
  }
}

TEST(Note, BytesAreAPublicContract) {
  EXPECT_EQ(test::to_hex(note_datagram(Note::kWantDump, 50)), "0032000800015001");
  EXPECT_EQ(test::to_hex(note_datagram(Note::kDumpBegins, 50)), "0032000800015002");
  EXPECT_EQ(test::to_hex(note_datagram(Note::kDumpEnds, 50)), "0032000800015003");
  EXPECT_EQ(test::to_hex(note_datagram(Note::kDumpGoesOn, 50)), "0032000800015004");
}

// The kernel's version 0 rules, which it has for whatever isn't a whole version 1 header: the first byte counts the entries.
TEST(Note, HasNoEntriesInTheKernelsEyes) {
  for (const Note note : kNotes) {
    const auto datagram = note_datagram(note, 50);
    EXPECT_EQ(datagram[0], std::byte{0}) << to_string(note);
    EXPECT_NE(datagram[6] | datagram[7], std::byte{0}) << to_string(note);
  }
}

TEST(Note, IsNoMessageOfEntries) {
  MessageWriter writer{1472, 50};
  const Bytes empty = writer.take();
  ASSERT_TRUE(read_message(empty).has_value());
  EXPECT_EQ(read_message(empty)->note(), std::nullopt);
}

TEST(Note, OtherBitsAreNoNote) {
  for (const std::string_view hex : {"0032000800015000", "0032000800015005", "0032000800010001", "0032000800015101",
                                     "0032000801015001", "003200090001500100"}) {
    const Bytes datagram = test::from_hex(hex);
    const auto message = read_message(datagram);
    ASSERT_FALSE(message.has_value()) << hex;
    EXPECT_EQ(message.error(), Refusal::kUnknownNote) << hex;
  }
}

}  // namespace
}  // namespace penstock::sync
