#include "dataplane/core/sync_outbox.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>
#include <vector>

namespace penstock::core {
namespace {

SyncRecord nth(std::uint32_t n) {
  return {.client = packet::Ipv4Address{n},
          .state = ConnectionState::kEstablished,
          .client_port = static_cast<std::uint16_t>(n),
          .virtual_id = VirtualId{static_cast<std::uint16_t>(n >> 3)},
          .server = ServerId{static_cast<std::uint16_t>(n >> 5)},
          .timeout_seconds = ~n};
}
bool is_nth(const SyncRecord& record, std::uint32_t n) {
  const SyncRecord expected = nth(n);
  return record.client == expected.client && record.client_port == expected.client_port &&
         record.virtual_id == expected.virtual_id && record.server == expected.server &&
         record.timeout_seconds == expected.timeout_seconds;
}

TEST(SyncOutbox, GivesOutInOrderWhatCameInAndRefusesWhatHasNoRoom) {
  SyncOutbox outbox{6};  // room for 8
  outbox.open();
  std::array<SyncRecord, 5> some;
  std::uint32_t written = 0;
  std::uint32_t taken = 0;
  for (int round = 0; round < 100; ++round) {
    while (outbox.push(nth(written))) ++written;
    EXPECT_EQ(written - taken, 8U);
    const std::size_t count = outbox.take(some);
    ASSERT_EQ(count, some.size());
    for (const SyncRecord& record : some) EXPECT_TRUE(is_nth(record, taken++));
  }
  EXPECT_EQ(outbox.take(some), 3U);
  EXPECT_EQ(outbox.take(some), 0U);
}

TEST(SyncOutbox, IsClosedAtFirstAndOpensWithoutWhatWasLeft) {
  SyncOutbox outbox{8};
  EXPECT_FALSE(outbox.is_open());
  outbox.open();
  EXPECT_TRUE(outbox.is_open());
  ASSERT_TRUE(outbox.push(nth(1)));
  outbox.close();
  EXPECT_FALSE(outbox.is_open());
  ASSERT_TRUE(outbox.push(nth(2)));  // the worker was in the middle of a burst
  outbox.open();
  std::array<SyncRecord, 2> some;
  EXPECT_EQ(outbox.take(some), 0U);
  ASSERT_TRUE(outbox.push(nth(3)));
  ASSERT_EQ(outbox.take(some), 1U);
  EXPECT_TRUE(is_nth(some[0], 3));
}

TEST(SyncOutbox, NothingIsLostOrTornBetweenTwoThreads) {
  constexpr std::uint32_t kRecords = 300'000;
  SyncOutbox outbox{64};
  outbox.open();
  std::jthread worker{[&] {
    for (std::uint32_t n = 0; n < kRecords;) {
      if (outbox.push(nth(n))) {
        ++n;
      } else {
        std::this_thread::yield();
      }
    }
  }};
  std::vector<SyncRecord> some(50);
  for (std::uint32_t n = 0; n < kRecords;) {
    const std::size_t count = outbox.take(some);
    if (count == 0) std::this_thread::yield();
    for (std::size_t i = 0; i < count; ++i, ++n) ASSERT_TRUE(is_nth(some[i], n)) << n;
  }
}

}  // namespace
}  // namespace penstock::core
