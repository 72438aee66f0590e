#include "dataplane/core/standby_table.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <atomic>
#include <map>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "tests/core/nth_key.h"
#include "tests/support/sanitized.h"

namespace penstock::core {
namespace {

template <typename Key>
Key standby_key(std::uint64_t n) {
  return nth_key(n, Key{});
}

constexpr std::array kStates{ConnectionState::kEstablished, ConnectionState::kFinWait, ConnectionState::kSynReceived,
                             ConnectionState::kUdp};

StandbyConnection connection(std::uint64_t choice, Tick expires) {
  return {.server = ServerId{static_cast<std::uint16_t>(choice % 5)},
          .state = kStates.at((choice / 5) % kStates.size()),
          .only_if_absent = (choice / 20) % 2 != 0,
          .expires = expires};
}

template <typename Key>
class StandbyTableOf : public testing::Test {
 protected:
  StandbyCounters counters_;
};
using StandbyKeys = testing::Types<ConnectionKey4, ConnectionKey6>;
TYPED_TEST_SUITE(StandbyTableOf, StandbyKeys);

TYPED_TEST(StandbyTableOf, WhatIsPutIsClaimedOnce) {
  StandbyTable<TypeParam> table{100, this->counters_};
  const TypeParam key = standby_key<TypeParam>(3);
  const StandbyConnection first{.server = ServerId{4}, .state = ConnectionState::kEstablished, .expires = 100};
  const StandbyConnection second{
      .server = ServerId{5}, .state = ConnectionState::kFinWait, .only_if_absent = true, .expires = 50};
  using Put = typename StandbyTable<TypeParam>::Put;
  EXPECT_EQ(table.put(key, first, 0), Put::kInserted);
  EXPECT_EQ(table.find(key), first);
  EXPECT_EQ(table.peek(key, 99), first);
  EXPECT_EQ(table.put(key, second, 0), Put::kUpdated);
  EXPECT_EQ(table.unclaimed(), 1U);
  EXPECT_EQ(table.peek(key, 50), std::nullopt);
  EXPECT_EQ(table.claim(key, 50), std::nullopt);  // its time is up, but it stays until it is swept
  EXPECT_EQ(table.find(key), second);
  EXPECT_EQ(table.claim(standby_key<TypeParam>(4), 0), std::nullopt);
  EXPECT_EQ(table.claim(key, 49), second);
  EXPECT_EQ(table.claim(key, 49), std::nullopt);
  EXPECT_EQ(table.find(key), std::nullopt);
  EXPECT_EQ(table.unclaimed(), 0U);
  EXPECT_EQ(table.put(key, first, 0), Put::kInserted);
  EXPECT_TRUE(table.erase(key));
  EXPECT_FALSE(table.erase(key));
  EXPECT_EQ(table.unclaimed(), 0U);
}

TYPED_TEST(StandbyTableOf, CountsForItsServersUntilItIsClaimed) {
  CounterBoard board{1};
  StandbyTable<TypeParam> table{100, board.standby()};
  const auto load = [&](std::uint16_t server) {
    const auto of = board.load_of(ServerId{server});
    return std::pair{of.active, of.inactive};
  };
  using Load = std::pair<std::uint64_t, std::uint64_t>;
  board.server(0, ServerId{1}).active.add(10);
  table.put(standby_key<TypeParam>(1), {.server = ServerId{1}, .state = ConnectionState::kEstablished, .expires = 9}, 0);
  table.put(standby_key<TypeParam>(2), {.server = ServerId{1}, .state = ConnectionState::kUdp, .expires = 9}, 0);
  table.put(standby_key<TypeParam>(3), {.server = ServerId{2}, .state = ConnectionState::kFinWait, .expires = 9}, 0);
  EXPECT_EQ(load(1), (Load{11, 1}));
  EXPECT_EQ(load(2), (Load{0, 1}));
  table.put(standby_key<TypeParam>(1), {.server = ServerId{2}, .state = ConnectionState::kClose, .expires = 5}, 0);
  EXPECT_EQ(load(1), (Load{10, 1}));
  EXPECT_EQ(load(2), (Load{0, 2}));
  EXPECT_TRUE(table.claim(standby_key<TypeParam>(2), 1).has_value());
  EXPECT_EQ(load(1), (Load{10, 0}));
  EXPECT_TRUE(table.erase(standby_key<TypeParam>(1)));
  EXPECT_EQ(load(2), (Load{0, 1}));
  table.sweep(table.bucket_count(), 9, [](const auto&, const auto&) {});
  EXPECT_EQ(load(2), (Load{0, 0}));
}

// Any sequence of what the writer and the workers may do leaves what a plain map has, counts included.
template <typename Key>
void stands_by_as_a_map() {
  using Put = typename StandbyTable<Key>::Put;
  StandbyCounters counters;
  StandbyTable<Key> table{*rc::gen::inRange<std::size_t>(1, 40), counters};
  std::map<std::uint64_t, StandbyConnection> map;
  Tick now = *rc::gen::arbitrary<Tick>();
  const auto keys = *rc::gen::inRange<std::uint64_t>(1, 60);
  for (const std::uint64_t choice : *rc::gen::container<std::vector<std::uint64_t>>(300, rc::gen::arbitrary<std::uint64_t>())) {
    const std::uint64_t n = (choice >> 8) % keys;
    const Key key = standby_key<Key>(n);
    const auto known = map.find(n);
    const auto expected = known != map.end() ? std::optional{known->second} : std::nullopt;
    const auto alive = expected && !is_past(expected->expires, now) ? expected : std::nullopt;
    RC_ASSERT(table.find(key) == expected);
    RC_ASSERT(table.peek(key, now) == alive);
    switch (choice % 6) {
      case 0:
      case 1:
      case 2: {
        const StandbyConnection value = connection(choice >> 20, now + 1 + static_cast<Tick>((choice >> 40) % 20));
        switch (table.put(key, value, now)) {
          case Put::kInserted: RC_ASSERT(!expected); break;
          case Put::kUpdated: RC_ASSERT(expected.has_value()); break;
          case Put::kFull:  // two buckets of others, all alive
            RC_ASSERT(!expected);
            std::erase_if(map, [&](const auto& each) { return !table.find(standby_key<Key>(each.first)); });
            RC_ASSERT(map.size() >= 2 * StandbyTable<Key>::kSlots);
            continue;
        }
        map[n] = value;
        // What was past its time may have given way.
        std::erase_if(map, [&](const auto& each) {
          return is_past(each.second.expires, now) && !table.find(standby_key<Key>(each.first));
        });
        break;
      }
      case 3:
        RC_ASSERT(table.claim(key, now) == alive);
        if (alive) map.erase(n);
        break;
      case 4:
        RC_ASSERT(table.erase(key) == expected.has_value());
        map.erase(n);
        break;
      default: {
        now += static_cast<Tick>((choice >> 32) % 8);
        std::size_t ended = 0;
        table.sweep(table.bucket_count(), now, [&](const Key&, const StandbyConnection& each) {
          RC_ASSERT(is_past(each.expires, now));
          ++ended;
        });
        RC_ASSERT(ended == std::erase_if(map, [&](const auto& each) { return is_past(each.second.expires, now); }));
      }
    }
    RC_ASSERT(table.unclaimed() == map.size());
    std::map<ServerId, ServerLoad> loads;
    std::size_t listed = 0;
    for (std::size_t i = 0; i < table.bucket_count(); ++i) {
      table.for_each_in(i, [&](const Key&, const StandbyConnection& each) {
        ++listed;
        ++(is_active(each.state) ? loads[each.server].active : loads[each.server].inactive);
      });
    }
    RC_ASSERT(listed == map.size());
    for (std::uint16_t server = 0; server < 5; ++server) {
      RC_ASSERT(counters.of(ServerId{server}).active == loads[ServerId{server}].active);
      RC_ASSERT(counters.of(ServerId{server}).inactive == loads[ServerId{server}].inactive);
    }
  }
}
RC_GTEST_PROP(StandbyTableProperty, DoesAsAMapForIpv4, ()) { stands_by_as_a_map<ConnectionKey4>(); }
RC_GTEST_PROP(StandbyTableProperty, DoesAsAMapForIpv6, ()) { stands_by_as_a_map<ConnectionKey6>(); }

// At the stated capacity, while connections come and go: fewer than one in a million. (Expected: none in 10^11 for IPv4, one
// in 7*10^7 for IPv6.)
TYPED_TEST(StandbyTableOf, RefusesFewerThanOneInAMillionAtItsCapacity) {
  constexpr std::uint64_t kCapacity = 50'000;
  constexpr std::uint64_t kPuts = test::kIsSanitized ? 300'000 : 2'000'000;
  StandbyTable<TypeParam> table{kCapacity, this->counters_};
  std::uint64_t refused = 0;
  std::mt19937_64 random{1};
  std::vector<std::uint64_t> inside;
  for (std::uint64_t n = 0; n < kPuts; ++n) {
    if (inside.size() == kCapacity) {
      std::uint64_t& leaves = inside[random() % kCapacity];
      EXPECT_TRUE(table.claim(standby_key<TypeParam>(leaves), 0).has_value());
      leaves = inside.back();
      inside.pop_back();
    }
    const StandbyConnection value{.server = ServerId{1}, .state = ConnectionState::kEstablished, .expires = 10};
    if (table.put(standby_key<TypeParam>(n), value, 0) == StandbyTable<TypeParam>::Put::kFull) {
      ++refused;
    } else {
      inside.push_back(n);
    }
  }
  EXPECT_LE(refused * 1'000'000, kPuts);
}

TYPED_TEST(StandbyTableOf, WhenFullRefusesUntilSomebodysTimeIsUpOrHeIsClaimed) {
  using Table = StandbyTable<TypeParam>;
  Table table{1, this->counters_};  // two buckets: every key has both
  constexpr std::uint64_t kRoom = 2 * Table::kSlots;
  const auto until = [](Tick expires) {
    return StandbyConnection{.server = ServerId{1}, .state = ConnectionState::kEstablished, .expires = expires};
  };
  for (std::uint64_t n = 1; n <= kRoom; ++n) {
    ASSERT_EQ(table.put(standby_key<TypeParam>(n), until(n == 1 ? 5 : 10), 0), Table::Put::kInserted);
  }
  EXPECT_EQ(table.put(standby_key<TypeParam>(100), until(10), 4), Table::Put::kFull);
  EXPECT_EQ(table.unclaimed(), kRoom);
  EXPECT_EQ(this->counters_.of(ServerId{1}).active, kRoom);
  // One that is there can always be brought up to date.
  EXPECT_EQ(table.put(standby_key<TypeParam>(2), until(11), 4), Table::Put::kUpdated);
  EXPECT_EQ(table.find(standby_key<TypeParam>(2)), until(11));
  EXPECT_EQ(table.put(standby_key<TypeParam>(100), until(10), 5), Table::Put::kInserted);
  EXPECT_EQ(table.find(standby_key<TypeParam>(1)), std::nullopt);
  EXPECT_EQ(table.put(standby_key<TypeParam>(101), until(10), 5), Table::Put::kFull);
  EXPECT_TRUE(table.claim(standby_key<TypeParam>(3), 5).has_value());
  EXPECT_EQ(table.put(standby_key<TypeParam>(101), until(10), 5), Table::Put::kInserted);
  EXPECT_EQ(table.unclaimed(), kRoom);
}

// One writer, three workers that claim and a reader: each connection that was put comes out once, by a worker, the sweep or an
// erase, whole; and the counts are at nothing in the end.
template <typename Key>
void claim_while_put(std::uint64_t keys, std::uint32_t puts) {
  using Table = StandbyTable<Key>;
  StandbyCounters counters;
  Table table{keys * 2 / 3, counters};

  // The n-th put's connection: all of it follows from n, and no two have the same expiry.
  const auto nth = [](std::uint64_t key, std::uint32_t n) {
    return StandbyConnection{.server = ServerId{static_cast<std::uint16_t>((key * 31 + n) % 1000)},
                             .state = kStates.at(n % kStates.size()),
                             .only_if_absent = n % 3 == 0,
                             .expires = 1'000'000 + n};
  };
  const auto is_whole = [&](std::uint64_t key, const StandbyConnection& value) {
    return value == nth(key, value.expires - 1'000'000);
  };

  std::atomic<bool> done{false};
  std::array<std::vector<std::uint32_t>, 3> claimed;  // which puts, by worker
  std::atomic<std::uint64_t> torn{0};
  std::vector<std::uint32_t> ended;  // by the writer
  std::uint64_t refused = 0;
  std::uint64_t updated = 0;
  {
    std::vector<std::jthread> workers;
    for (std::size_t worker = 0; worker < claimed.size(); ++worker) {
      workers.emplace_back([&, worker] {
        std::mt19937_64 random{worker};
        while (!done.load(std::memory_order_relaxed)) {
          const std::uint64_t key = random() % keys;
          if (const auto seen = table.peek(standby_key<Key>(key), 0); seen && !is_whole(key, *seen)) torn.fetch_add(1);
          const auto value = table.claim(standby_key<Key>(key), 0);
          if (!value) continue;
          if (!is_whole(key, *value)) torn.fetch_add(1);
          claimed[worker].push_back(value->expires - 1'000'000);
        }
      });
    }
    workers.emplace_back([&] {
      for (std::size_t bucket = 0; !done.load(std::memory_order_relaxed); bucket = (bucket + 1) % table.bucket_count()) {
        for (std::uint64_t key = 0; key < std::min<std::uint64_t>(keys, 8); ++key) {
          if (const auto value = table.peek(standby_key<Key>(key), 0); value && !is_whole(key, *value)) torn.fetch_add(1);
        }
        std::set<std::uint64_t> seen;
        table.for_each_in(bucket, [&](const Key& key, const StandbyConnection& value) {
          for (std::uint64_t n = 0; n < keys; ++n) {
            if (standby_key<Key>(n) != key) continue;
            if (!is_whole(n, value) || !seen.insert(n).second) torn.fetch_add(1);
          }
        });
      }
    });
    std::mt19937_64 random{99};
    for (std::uint32_t n = 0; n < puts; ++n) {
      const std::uint64_t key = random() % keys;
      switch (table.put(standby_key<Key>(key), nth(key, n), 0)) {
        case Table::Put::kFull: ++refused; break;
        case Table::Put::kUpdated: ++updated; break;
        case Table::Put::kInserted: break;
      }
      if (n % 16 == 0 && table.erase(standby_key<Key>(key))) ended.push_back(UINT32_MAX);
      if (n % 64 == 0) {
        const Tick past = 1'000'000 + (n > 256 ? n - 256 : 0);
        table.sweep(table.bucket_count() / 4, past,
                    [&](const Key&, const StandbyConnection& value) { ended.push_back(value.expires - 1'000'000); });
      }
      if (n % 128 == 0) std::this_thread::yield();
    }
    done = true;
  }
  EXPECT_EQ(torn.load(), 0U);
  std::set<std::uint32_t> all;
  std::size_t by_workers = 0;
  for (const auto& some : claimed) {
    by_workers += some.size();
    for (const std::uint32_t n : some) EXPECT_TRUE(all.insert(n).second) << "claimed twice: " << n;
  }
  for (const std::uint32_t n : ended) {
    if (n == UINT32_MAX) continue;  // an erase doesn't say which put's it was
    EXPECT_TRUE(all.insert(n).second) << "claimed and ended: " << n;
  }
  EXPECT_EQ(by_workers + ended.size() + updated + refused + table.unclaimed(), puts);
  EXPECT_GT(by_workers, 100U);
  table.sweep(table.bucket_count(), 1'000'000 + puts, [](const auto&, const auto&) {});
  EXPECT_EQ(table.unclaimed(), 0U);
  for (std::uint16_t server = 0; server < 1000; ++server) {
    EXPECT_EQ(counters.of(ServerId{server}).active, 0U);
    EXPECT_EQ(counters.of(ServerId{server}).inactive, 0U);
  }
}

// Few for the table, which is often full: keys meet in their buckets.
TYPED_TEST(StandbyTableOf, EachConnectionIsClaimedOnceAndWhole) { claim_while_put<TypeParam>(512, 30'000); }
// All at the same few slots, which are filled again as soon as they are free.
TYPED_TEST(StandbyTableOf, EachConnectionIsClaimedOnceAndWholeWhereAllMeet) { claim_while_put<TypeParam>(3, 150'000); }

}  // namespace
}  // namespace penstock::core
