#include "dataplane/core/connection_table.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <unordered_map>
#include <vector>

#include "tests/core/nth_key.h"
#include "tests/support/seed.h"

namespace penstock::core {
namespace {

template <typename Entry>
typename Entry::Key key_of(std::uint64_t n) {
  return nth_key(n, typename Entry::Key{});
}

// Looks at all slots, also at the count in a bucket's first one, which no look-up shows: buckets lie in one array of cache
// lines.
template <typename Entry>
class Validator {
 public:
  using Table = ConnectionTable<Entry>;

  explicit Validator(Table& table) : table_{table}, expected_(table.bucket_count()) {
    table.settle();
    for (std::size_t i = 0; i < table.bucket_count(); ++i) {
      table.for_each_in(i, [&](const Entry& entry) { look_at(entry, i); });
    }
  }

  [[nodiscard]] std::size_t used() const { return used_; }
  // Whether each connection lies in one of its two buckets and says which.
  [[nodiscard]] bool places_hold() const { return places_hold_; }
  [[nodiscard]] bool overflow_counts_hold() const {
    if (first_bucket_ == nullptr) return true;  // no connection by which to find the array
    for (std::size_t i = 0; i < expected_.size(); ++i) {
      const auto* const slot = reinterpret_cast<const Entry*>(first_bucket_ + 64 * i);
      const unsigned count = slot->bucket_overflow;
      if (count != expected_[i] && count != 15) return false;  // at 15 it stays, whatever leaves or comes
    }
    return true;
  }

 private:
  void look_at(const Entry& entry, std::size_t bucket) {
    ++used_;
    const auto address = reinterpret_cast<std::uintptr_t>(&entry) & ~std::uintptr_t{63};
    first_bucket_ = reinterpret_cast<const std::byte*>(address) - 64 * bucket;
    const auto place = table_.place_of(entry.key);
    const bool is_displaced = entry.displaced != 0;
    places_hold_ &= bucket == (is_displaced ? table_.second_of(place) : place.first);
    if (is_displaced) ++expected_[place.first];
  }

  const Table& table_;
  std::vector<unsigned> expected_;
  std::size_t used_ = 0;
  bool places_hold_ = true;
  const std::byte* first_bucket_ = nullptr;
};

template <typename Entry>
class ConnectionTableOf : public testing::Test {};
using Entries = testing::Types<Connection4, Connection6>;
TYPED_TEST_SUITE(ConnectionTableOf, Entries);

// Any sequence of inserts, erases and sweeps leaves exactly the connections that a plain map has.
template <typename Entry>
void does_as_a_map() {
  using Key = typename Entry::Key;
  struct Known {
    Tick expires;
    bool active;
  };
  ConnectionTable<Entry> table{*rc::gen::inRange<std::size_t>(1, 40)};
  std::unordered_map<std::uint64_t, Known> map;
  Tick now = *rc::gen::arbitrary<Tick>();
  const auto keys = *rc::gen::inRange<std::uint64_t>(1, 80);
  for (const std::uint64_t choice : *rc::gen::container<std::vector<std::uint64_t>>(300, rc::gen::arbitrary<std::uint64_t>())) {
    const std::uint64_t n = (choice >> 8) % keys;
    const Key key = key_of<Entry>(n);
    const auto place = table.place_of(key);
    RC_ASSERT(place.first != table.second_of(place));
    Entry* const found = table.find(key, place);
    RC_ASSERT((found != nullptr) == map.contains(n));
    if (found != nullptr) RC_ASSERT(found->expires == map[n].expires);
    switch (choice % 4) {
      case 0:
      case 1: {
        if (found != nullptr) break;
        Entry* const entry = table.insert(key, place);
        if (entry == nullptr) {  // then both buckets are full of others
          RC_ASSERT(map.size() >= 2 * ConnectionTable<Entry>::kSlots);
          break;
        }
        RC_ASSERT(entry->key == key);
        RC_ASSERT(entry->state == ConnectionState::kNone);
        RC_ASSERT(entry->counts_as_active == 0);
        entry->expires = now + 1 + static_cast<Tick>((choice >> 32) % 20);
        const bool is_active = (choice >> 40) % 2 != 0;
        entry->counts_as_active = is_active ? 1 : 0;
        map[n] = {entry->expires, is_active};
        break;
      }
      case 2: {
        if (found == nullptr) break;
        table.erase(*found);
        map.erase(n);
        RC_ASSERT(table.find(key, place) == nullptr);
        break;
      }
      default: {
        now += static_cast<Tick>((choice >> 32) % 8);
        std::size_t ended = 0;
        table.sweep(table.bucket_count(), now, [&](Entry& entry) {
          RC_ASSERT(is_past(entry.expires, now));
          ++ended;
        });
        RC_ASSERT(ended == std::erase_if(map, [&](const auto& pair) { return is_past(pair.second.expires, now); }));
      }
    }
    const Validator<Entry> validator{table};
    RC_ASSERT(table.used() == map.size());
    RC_ASSERT(validator.used() == map.size());
    RC_ASSERT(validator.places_hold());
    RC_ASSERT(validator.overflow_counts_hold());
  }
  for (const auto& [n, known] : map) {
    const Entry* const entry = table.find(key_of<Entry>(n), table.place_of(key_of<Entry>(n)));
    RC_ASSERT(entry != nullptr);
    RC_ASSERT((entry->counts_as_active != 0) == known.active);
  }
}
RC_GTEST_PROP(ConnectionTableProperty, DoesAsAMapForIpv4, ()) { does_as_a_map<Connection4>(); }
RC_GTEST_PROP(ConnectionTableProperty, DoesAsAMapForIpv6, ()) { does_as_a_map<Connection6>(); }

TYPED_TEST(ConnectionTableOf, TakesAsManyConnectionsAsItWasMadeForButOneIn10000) {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
    for (const std::size_t size : {std::size_t{5000}, std::size_t{100'000}}) {
      ConnectionTable<TypeParam> table{size};
      std::mt19937_64 random{seed};
      const std::uint64_t first = random() >> 20;
      std::size_t failed = 0;
      for (std::size_t i = 0; i < size; ++i) {
        const auto key = key_of<TypeParam>(first + i);
        if (table.insert(key, table.place_of(key)) == nullptr) ++failed;
      }
      EXPECT_LE(failed * 10'000, size) << "seed " << seed << ", " << size << " connections";
      const Validator<TypeParam> validator{table};
      EXPECT_TRUE(validator.places_hold());
      EXPECT_TRUE(validator.overflow_counts_hold());
    }
  }
}

TYPED_TEST(ConnectionTableOf, WhenFullRefusesAndStaysAsItIs) {
  ConnectionTable<TypeParam> table{1000};
  std::vector<std::uint64_t> inside;
  std::size_t refused = 0;
  for (std::uint64_t n = 1; refused < 3000; ++n) {
    const auto key = key_of<TypeParam>(n);
    if (table.insert(key, table.place_of(key)) != nullptr) {
      inside.push_back(n);
    } else {
      ++refused;
    }
  }
  EXPECT_LE(table.used(), table.slot_count());
  EXPECT_GE(table.used(), table.slot_count() * 95 / 100);
  EXPECT_EQ(table.used(), inside.size());
  for (const std::uint64_t n : inside) {
    ASSERT_NE(table.find(key_of<TypeParam>(n), table.place_of(key_of<TypeParam>(n))), nullptr);
  }
  const Validator<TypeParam> validator{table};
  EXPECT_TRUE(validator.places_hold());
  EXPECT_TRUE(validator.overflow_counts_hold());
  // Whatever lies in one of a key's two buckets can make room for that key: by these times any of them.
  std::mt19937_64 random{test::seed()};
  const auto some_time = [&random] { return static_cast<Tick>(random() % 1000); };
  for (const std::uint64_t n : inside)
    table.find(key_of<TypeParam>(n), table.place_of(key_of<TypeParam>(n)))->expires = some_time();
  std::array<unsigned, 2> replaced{};  // in the first bucket, in the second
  const std::size_t used = table.used();
  for (std::uint64_t n = 1'000'000; n < 1'000'500; ++n) {
    const auto key = key_of<TypeParam>(n);
    const auto place = table.place_of(key);
    const auto old = table.first_to_go(place, 0);
    ASSERT_NE(old.entry, nullptr);
    const auto gone = old.entry->key;
    ++replaced.at(old.bucket == place.first ? 0 : 1);
    auto* const entry = table.replace(old, key, place);
    ASSERT_EQ(entry, old.entry);
    entry->expires = some_time();
    EXPECT_NE(table.find(key, place), nullptr);
    EXPECT_EQ(table.find(gone, table.place_of(gone)), nullptr);
  }
  EXPECT_GT(replaced[0], 0U);
  EXPECT_GT(replaced[1], 0U);
  EXPECT_EQ(table.used(), used);
  const Validator<TypeParam> after{table};
  EXPECT_TRUE(after.places_hold());
  EXPECT_TRUE(after.overflow_counts_hold());
}

// After thousands of connections came and went, misses are as cheap as at first: the counts are back at nothing.
TYPED_TEST(ConnectionTableOf, CountsOfOverflowGoBackToNothing) {
  ConnectionTable<TypeParam> table{2000};
  for (int round = 0; round < 20; ++round) {
    std::vector<typename TypeParam::Key> keys;
    for (std::uint64_t n = 0; n < 1800; ++n) {
      keys.push_back(key_of<TypeParam>(static_cast<std::uint64_t>(round) * 10'000 + n));
      ASSERT_NE(table.insert(keys.back(), table.place_of(keys.back())), nullptr);
    }
    for (std::size_t i = 0; i + 1 < keys.size(); ++i) table.erase(*table.find(keys[i], table.place_of(keys[i])));
    EXPECT_TRUE(Validator<TypeParam>{table}.overflow_counts_hold());  // with one connection left to find the array by
    table.erase(*table.find(keys.back(), table.place_of(keys.back())));
  }
  EXPECT_EQ(table.used(), 0U);
}

TYPED_TEST(ConnectionTableOf, FindsTheFirstToGoInBothBuckets) {
  ConnectionTable<TypeParam> table{1};  // two buckets: every key has both
  std::vector<TypeParam*> entries;
  for (std::uint64_t n = 1; n <= table.slot_count(); ++n) {
    entries.push_back(table.insert(key_of<TypeParam>(n), table.place_of(key_of<TypeParam>(n))));
    ASSERT_NE(entries.back(), nullptr);
    entries.back()->expires = static_cast<Tick>(1000 + n);
  }
  const auto place = table.place_of(key_of<TypeParam>(100));
  EXPECT_EQ(table.insert(key_of<TypeParam>(100), place), nullptr);
  std::ranges::shuffle(entries, std::mt19937{test::seed()});
  for (TypeParam* const entry : entries) {
    entry->expires = 1000;
    EXPECT_EQ(table.first_to_go(place, 500).entry, entry);
    entry->counts_as_active = 1;
  }
  EXPECT_EQ(table.first_to_go(place, 500).entry, nullptr);
}

TYPED_TEST(ConnectionTableOf, ASweepGoesRoundInSteps) {
  ConnectionTable<TypeParam> table{1000};
  for (std::uint64_t n = 1; n <= 500; ++n) {
    table.insert(key_of<TypeParam>(n), table.place_of(key_of<TypeParam>(n)))->expires = n % 2 == 0 ? 100 : 200;
  }
  std::size_t ended = 0;
  for (std::size_t swept = 0; swept < table.bucket_count() + 7; swept += 7) table.sweep(7, 100, [&](TypeParam&) { ++ended; });
  EXPECT_EQ(ended, 250U);
  EXPECT_EQ(table.used(), 250U);
  table.sweep(table.bucket_count(), 199, [](TypeParam&) { FAIL() << "ended before its time"; });
  table.sweep(table.bucket_count(), 200, [](TypeParam&) {});
  EXPECT_EQ(table.used(), 0U);
}

TEST(ConnectionKey, KeepsItsParts) {
  const ConnectionKey4 key{packet::IpAddress::parse("203.0.113.255").value().v4(), 65535, VirtualId{0xfffe}};
  EXPECT_EQ(packet::IpAddress{key.client()}.to_string(), "203.0.113.255");
  EXPECT_EQ(key.client_port(), 65535);
  EXPECT_EQ(key.virtual_id(), VirtualId{0xfffe});
  EXPECT_FALSE(key.is_free());
  EXPECT_TRUE(ConnectionKey4{}.is_free());
  const ConnectionKey6 key6{packet::IpAddress::parse("fd77::1").value().v6(), 1, VirtualId{2}};
  EXPECT_EQ(packet::IpAddress{key6.client()}.to_string(), "fd77::1");
  EXPECT_EQ(key6.client_port(), 1);
  EXPECT_EQ(key6.virtual_id(), VirtualId{2});
  EXPECT_FALSE(key6.is_free());
  EXPECT_TRUE(ConnectionKey6{}.is_free());
}

}  // namespace
}  // namespace penstock::core
