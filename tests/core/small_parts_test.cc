// The core's small parts: ticks, rate limits, counters, hashes, huge arrays.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <random>
#include <thread>
#include <vector>

#include "dataplane/core/counters.h"
#include "dataplane/core/huge_array.h"
#include "dataplane/core/keyed_hash.h"
#include "dataplane/core/tick.h"
#include "dataplane/core/token_bucket.h"

namespace penstock::core {
namespace {

RC_GTEST_PROP(Tick, DeadlinesAreComparedRightAcrossTheWrap, ()) {
  const Tick now = *rc::gen::arbitrary<Tick>();
  const auto ahead = *rc::gen::inRange<Tick>(1, 0x7fff'ffff);
  RC_ASSERT(is_past(now, now));
  RC_ASSERT(!is_past(now + ahead, now));
  RC_ASSERT(is_past(now - ahead, now));
  RC_ASSERT(seconds_until(now + ahead, now) == ahead / kTicksPerSecond);
  RC_ASSERT(seconds_until(now - ahead, now) == 0U);
}

TEST(Tick, TheLongestTimeoutFits) {
  const Tick longest = to_ticks(kMaxTimeout);
  EXPECT_EQ(longest, 31U * 24 * 3600 * 64);
  EXPECT_FALSE(is_past(longest - 1000, static_cast<Tick>(0) - 1000));
  EXPECT_EQ(to_ticks(std::chrono::milliseconds{250}), 16U);
}

TEST(TokenBucket, GivesItsBurstAndThenItsRate) {
  TokenBucket bucket{1000, 50};
  Tick now = static_cast<Tick>(0) - 100;  // across the wrap
  int taken = 0;
  while (bucket.take(now)) ++taken;
  EXPECT_EQ(taken, 50);
  taken = 0;
  for (Tick i = 0; i < 10 * kTicksPerSecond; ++i) {
    ++now;
    while (bucket.take(now)) ++taken;
  }
  EXPECT_EQ(taken, 10'000);
}

TEST(TokenBucket, HoldsNoMoreThanItsBurstAfterALongRest) {
  TokenBucket bucket{0x7fff'ffff, 3};
  EXPECT_TRUE(bucket.take(1));
  int taken = 0;
  while (bucket.take(0)) ++taken;  // nearly 2^32 ticks later
  EXPECT_EQ(taken, 3);
}

TEST(TokenBucket, ARateBelowOneATickAddsUp) {
  TokenBucket bucket{1, 1};
  EXPECT_TRUE(bucket.take(0));
  for (Tick now = 0; now < kTicksPerSecond; ++now) EXPECT_FALSE(bucket.take(now)) << now;
  EXPECT_TRUE(bucket.take(kTicksPerSecond));
  EXPECT_FALSE(bucket.take(kTicksPerSecond));
}

RC_GTEST_PROP(TokenBucketProperty, NeverGivesMoreThanBurstPlusRate, ()) {
  const auto rate = *rc::gen::inRange<std::uint32_t>(1, 5000);
  const auto burst = *rc::gen::inRange<std::uint32_t>(1, 100);
  TokenBucket bucket{rate, burst};
  Tick now = *rc::gen::arbitrary<Tick>();
  static_cast<void>(bucket.take(now));
  std::uint64_t taken = 1;
  std::uint64_t elapsed = 0;
  for (const unsigned step : *rc::gen::container<std::vector<unsigned>>(200, rc::gen::inRange<unsigned>(0, 20))) {
    now += step;
    elapsed += step;
    if (bucket.take(now)) ++taken;
    RC_ASSERT(taken <= burst + elapsed * rate / kTicksPerSecond);
  }
}

TEST(Counters, OneThreadWritesWhileAnotherReads) {
  CounterBoard board{1};
  constexpr std::uint64_t kTimes = 200'000;
  std::jthread writer{[&board] {
    for (std::uint64_t i = 0; i < kTimes; ++i) {
      board.worker(0).evicted.add();
      board.server(0, ServerId{9}).inactive.add();
    }
  }};
  std::uint64_t last = 0;
  while (last < kTimes) {
    const std::uint64_t value = board.worker(0).evicted.get();
    ASSERT_GE(value, last);
    last = value;
  }
  writer.join();
  EXPECT_EQ(board.load_of(ServerId{9}).total(), kTimes);
}

TEST(Counters, AServersLoadIsTheSumOverAllWorkers) {
  CounterBoard board{3};
  board.server(0, ServerId{5}).active.add(2);
  board.server(2, ServerId{5}).active.add(3);
  board.server(1, ServerId{5}).inactive.add(7);
  board.server(1, ServerId{6}).inactive.add(100);
  const CounterBoard::Load load = board.load_of(ServerId{5});
  EXPECT_EQ(load.active, 5U);
  EXPECT_EQ(load.inactive, 7U);
  EXPECT_EQ(load.total(), 12U);
  EXPECT_EQ(board.load_of(ServerId{65534}).total(), 0U);
}

// The two halves of a hash choose a key's two buckets: clients come with all ports of one address, or with one port of a whole
// network, and each of these sets must spread over all buckets, and over all pairs of them.
TEST(KeyedHash, SpreadsKeysThatDifferInFewBits) {
  std::mt19937_64 random{20'261'123};
  for (int secret_number = 0; secret_number < 8; ++secret_number) {
    const HashSecret secret{random(), random() | 1};
    for (const unsigned shift : {16U, 20U, 32U, 40U, 48U}) {  // ports; addresses; networks of 8, 16 bits
      constexpr std::size_t kKeys = 65536;
      std::array<int, 4096> first{};
      std::array<int, 4096> second{};
      std::vector<bool> pairs(kKeys);
      for (std::uint64_t n = 0; n < kKeys; ++n) {
        const std::uint64_t hash =
            keyed_hash((0x0a00'0001'1000'0001U & ~(std::uint64_t{0xffff} << shift)) | (n << shift), secret);
        ++first.at((hash & 0xffff'ffff) >> 20);
        ++second.at(hash >> 52);
        pairs[((hash & 0xffff'ffff) >> 24 << 8) | (hash >> 56)] = true;
      }
      // 16 keys a bucket on average; of the pairs, 63 % if the halves are independent.
      EXPECT_LT(*std::ranges::max_element(first), 64) << "secret " << secret_number << ", shift " << shift;
      EXPECT_LT(*std::ranges::max_element(second), 64) << "secret " << secret_number << ", shift " << shift;
      EXPECT_GT(std::ranges::count(pairs, true), static_cast<long>(kKeys) * 40 / 100)
          << "secret " << secret_number << ", shift " << shift;
    }
  }
}

// Who has found keys that fill one bucket, on a director of his own or in the code, has found nothing about another process.
TEST(KeyedHash, KeysOfOneBucketAreSpreadBySomebodyElsesSecret) {
  std::mt19937_64 random{20'261'127};
  const auto bucket = [](std::uint64_t key, HashSecret secret) { return keyed_hash(key, secret) >> 52; };
  for (int pair = 0; pair < 8; ++pair) {
    const HashSecret his{random(), random() | 1};
    const HashSecret ours{random(), random() | 1};
    std::vector<std::uint64_t> chosen;
    for (std::uint64_t key = 0; chosen.size() < 512; ++key) {
      if (bucket(key << 16, his) == 0) chosen.push_back(key << 16);
    }
    std::array<int, 4096> filled{};
    for (const std::uint64_t key : chosen) ++filled.at(bucket(key, ours));
    EXPECT_LT(*std::ranges::max_element(filled), 16) << "pair " << pair;  // 1 in 8 buckets has one
  }
}

TEST(KeyedHash, IsTheSameAllOverTheProcess) {
  EXPECT_EQ(process_hash_secret().first, process_hash_secret().first);
  EXPECT_EQ(process_hash_secret().second, process_hash_secret().second);
  EXPECT_EQ(process_hash_secret().second & 1, 1U);
}

TEST(HugeArray, IsZeroedAndAsLargeAsAsked) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{1000}, std::size_t{1} << 20}) {
    HugeArray<std::uint64_t> array{size};
    ASSERT_EQ(array.size(), size);
    for (std::size_t i = 0; i < size; ++i) ASSERT_EQ(array[i], 0U);
    array[size - 1] = 7;
    EXPECT_EQ(array[size - 1], 7U);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&array[0]) % 4096, 0U);
  }
  EXPECT_EQ(HugeArray<std::uint64_t>{1000}.page_kind(), PageKind::kSmall);
  HugeArray<std::uint64_t> large{std::size_t{1} << 19};
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&large[0]) % kHugePage, 0U) << "else transparent ones begin late";
}

// How many pages of it lie in memory. Of explicit huge pages the kernel says that all do.
std::size_t resident_pages(HugeArray<std::uint64_t>& array, std::size_t page) {
  std::vector<unsigned char> resident(array.size() * sizeof(std::uint64_t) / page);
  EXPECT_EQ(mincore(&array[0], array.size() * sizeof(std::uint64_t), resident.data()), 0);
  return static_cast<std::size_t>(std::ranges::count_if(resident, [](unsigned char each) { return (each & 1U) != 0; }));
}

TEST(HugeArray, GetsItsPagesPieceByPiece) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  HugeArray<std::uint64_t> array{2 * kHugePage / sizeof(std::uint64_t) + 1000 * page / sizeof(std::uint64_t)};
  array[0] = 7;
  EXPECT_TRUE(array.populate_some());
  EXPECT_GE(resident_pages(array, page), kHugePage / page);
  EXPECT_TRUE(array.populate_some());
  EXPECT_TRUE(array.populate_some());
  EXPECT_FALSE(array.populate_some());
  EXPECT_EQ(resident_pages(array, page), 2 * kHugePage / page + 1000);
  EXPECT_FALSE(array.populate_some());
  EXPECT_EQ(array[0], 7U);
}

}  // namespace
}  // namespace penstock::core
