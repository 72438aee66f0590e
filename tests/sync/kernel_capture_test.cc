// The reference: what the kernel sent is read as what it meant, and is written again as it was.
#include "tests/sync/kernel_capture.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sync/message.h"
#include "sync/message_writer.h"

namespace penstock::sync {
namespace {

using test::CapturedMessage;

std::vector<Entry> entries_of(std::span<const std::byte> datagram) {
  std::vector<Entry> entries;
  auto message = read_message(datagram);
  EXPECT_TRUE(message.has_value());
  while (auto entry = message->next()) {
    EXPECT_TRUE(entry->has_value()) << name_of(entry->error());
    entries.push_back(entry->value());
  }
  return entries;
}

TEST(KernelCapture, SaysWhatIsListed) {
  std::vector<std::string> lines;
  for (const CapturedMessage& captured : test::kernel_messages()) {
    const auto message = read_message(captured.datagram);
    ASSERT_TRUE(message.has_value());
    EXPECT_FALSE(message->note().has_value());
    const std::size_t size = captured.datagram.size();
    lines.push_back(fmt::format("msg {} udp_len={} reserved=0 syncid={} size={} nr_conns={} version={}", captured.origin, size,
                                message->syncid(), size, message->entry_count(), message->version()));
    for (const Entry& entry : entries_of(captured.datagram)) lines.push_back(test::line_of(entry));
  }
  EXPECT_THAT(lines, testing::ElementsAreArray(test::decoded_lines()));
  EXPECT_EQ(lines.size(), 4 + 70);
}

TEST(KernelCapture, IsWrittenAgainByteForByte) {
  for (const CapturedMessage& captured : test::kernel_messages()) {
    MessageWriter writer{1472, 50};
    for (const Entry& entry : entries_of(captured.datagram)) EXPECT_TRUE(writer.add(entry));
    EXPECT_EQ(test::to_hex(writer.take()), test::to_hex(captured.datagram)) << captured.origin;
  }
}

// The first message was full: the kernel began the second one where ours would.
TEST(KernelCapture, IsDividedIntoTheSameMessages) {
  const auto captured = test::kernel_messages();
  MessageWriter writer{1472, 50};
  for (const Entry& entry : entries_of(captured.at(0).datagram)) ASSERT_TRUE(writer.add(entry));
  EXPECT_FALSE(writer.add(entries_of(captured.at(1).datagram).at(0)));
}

// So that a sender can make them from its own connections' protocol, state and activity.
TEST(KernelCapture, HasTheFlagsThatWeMake) {
  for (const CapturedMessage& captured : test::kernel_messages()) {
    for (const Entry& entry : entries_of(captured.datagram)) {
      const bool is_active = entry.protocol == 6 && entry.state == 1 && !entry.is_template();
      EXPECT_EQ(entry.flags, direct_routing_flags(is_active) | (entry.is_template() ? flag::kTemplate : 0))
          << test::line_of(entry);
      EXPECT_EQ(entry.is_active(), is_active) << test::line_of(entry);
      EXPECT_EQ(refusal_of(entry), std::nullopt) << test::line_of(entry);
    }
  }
}

}  // namespace
}  // namespace penstock::sync
