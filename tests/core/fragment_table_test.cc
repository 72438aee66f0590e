#include "dataplane/core/fragment_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <span>
#include <vector>

namespace penstock::core {
namespace {

using Kind = FragmentTable::Outcome::Kind;

DatagramKey datagram_key(std::uint32_t identification) {
  DatagramKey key;
  key.source.bytes[0] = 10;
  key.destination.bytes[0] = 192;
  key.identification = identification;
  key.protocol = 17;
  return key;
}

// A frame that can be told from others by its length.
Frame frame_of(std::uint16_t number) { return {.length = number}; }

struct Given {
  std::vector<std::uint16_t> released;
  std::vector<std::uint16_t> evicted;
  std::vector<std::uint16_t> expired;
};

auto into(std::vector<std::uint16_t>& list) {
  return [&list](const Frame& frame) { list.push_back(frame.length); };
}

class FragmentTableTest : public testing::Test {
 protected:
  bool hold(std::uint32_t datagram, std::uint16_t frame, Tick now) {
    const DatagramKey key = datagram_key(datagram);
    return table_.hold(key, hash_of(key), frame_of(frame), now, into(given_.evicted));
  }
  void resolve(std::uint32_t datagram, Tick now) {
    const DatagramKey key = datagram_key(datagram);
    table_.resolve(key, hash_of(key), {.kind = Kind::kServer, .server = ServerId{3}}, now, into(given_.released),
                   into(given_.evicted));
  }
  Kind find(std::uint32_t datagram, Tick now) {
    return table_.find(datagram_key(datagram), hash_of(datagram_key(datagram)), now).kind;
  }
  void expire(Tick now) { table_.expire(now, into(given_.expired)); }

  FragmentTable table_;
  Given given_;
};

// A datagram whose fragments were given up kept its place for five seconds, and one that was held in the last moment of these
// wasn't found by its first fragment.
TEST_F(FragmentTableTest, AFragmentThatIsHeldAnewIsFoundByItsFirstOne) {
  const Tick again = FragmentTable::kRemember - 1;
  ASSERT_TRUE(hold(1, 11, 0));
  expire(FragmentTable::kHold);
  EXPECT_EQ(given_.expired, (std::vector<std::uint16_t>{11}));
  ASSERT_TRUE(hold(1, 12, again));
  resolve(1, again + FragmentTable::kHold - 1);
  EXPECT_EQ(given_.released, (std::vector<std::uint16_t>{12}));
  EXPECT_EQ(table_.held(), 0U);
}

TEST_F(FragmentTableTest, RemembersAnOutcomeForFiveSeconds) {
  const Tick now = static_cast<Tick>(0) - 10;  // across the wrap of the tick counter
  EXPECT_EQ(find(1, now), Kind::kWaiting);
  resolve(1, now);
  EXPECT_EQ(find(1, now), Kind::kServer);
  EXPECT_EQ(find(1, now + FragmentTable::kRemember - 1), Kind::kServer);
  EXPECT_EQ(find(1, now + FragmentTable::kRemember), Kind::kWaiting);
  EXPECT_EQ(find(2, now), Kind::kWaiting);
}

TEST_F(FragmentTableTest, GivesHeldFramesBackInTheirOrder) {
  for (const std::uint16_t frame : {std::uint16_t{5}, std::uint16_t{6}, std::uint16_t{7}}) EXPECT_TRUE(hold(1, frame, 100));
  EXPECT_TRUE(hold(2, 8, 100));
  EXPECT_EQ(table_.held(), 4U);
  resolve(1, 101);
  EXPECT_EQ(given_.released, (std::vector<std::uint16_t>{5, 6, 7}));
  EXPECT_EQ(table_.held(), 1U);
  resolve(1, 102);
  EXPECT_EQ(given_.released.size(), 3U);
}

TEST_F(FragmentTableTest, GivesUpWhatWaitedTooLong) {
  EXPECT_TRUE(hold(1, 5, 100));
  EXPECT_TRUE(hold(2, 6, 101));
  expire(100 + FragmentTable::kHold - 1);
  EXPECT_TRUE(given_.expired.empty());
  expire(100 + FragmentTable::kHold);
  EXPECT_EQ(given_.expired, (std::vector<std::uint16_t>{5}));
  expire(101 + FragmentTable::kHold);
  EXPECT_EQ(given_.expired, (std::vector<std::uint16_t>{5, 6}));
  EXPECT_EQ(table_.held(), 0U);
}

TEST_F(FragmentTableTest, IsFullAt256FramesAndHasRoomAgain) {
  for (std::uint16_t frame = 0; frame < FragmentTable::kHeldFrames; ++frame) EXPECT_TRUE(hold(1, frame, 100));
  EXPECT_FALSE(hold(1, 999, 100));
  EXPECT_FALSE(hold(2, 999, 100));
  resolve(1, 100);
  EXPECT_EQ(given_.released.size(), FragmentTable::kHeldFrames);
  EXPECT_TRUE(hold(2, 999, 100));
}

// Datagrams without end: the oldest of a set give way, with the frames that they held.
TEST_F(FragmentTableTest, TheOldestDatagramGivesWay) {
  for (std::uint32_t datagram = 0; datagram < 8 * FragmentTable::kDatagrams; ++datagram) {
    if (datagram % 64 == 0) {
      EXPECT_TRUE(hold(datagram, static_cast<std::uint16_t>(datagram / 64), datagram / 64));
    } else {
      resolve(datagram, datagram / 64);
    }
    EXPECT_NE(find(datagram, datagram / 64) == Kind::kServer, datagram % 64 == 0);
  }
  EXPECT_FALSE(given_.evicted.empty());
  EXPECT_TRUE(given_.released.empty());
  EXPECT_EQ(table_.held() + given_.evicted.size(), 8 * FragmentTable::kDatagrams / 64);
}

// Whatever happens, each frame that is held is given back once.
// All in one tick: a newcomer pushes out the one that came first, not the one that came just before it.
TEST_F(FragmentTableTest, InOneTickTheOldestDatagramGivesWay) {
  constexpr std::size_t kSets = FragmentTable::kDatagrams / 4;
  std::vector<std::uint32_t> of_one_set;
  for (std::uint32_t id = 0; of_one_set.size() < 6; ++id) {
    if (hash_of(datagram_key(id)) % kSets == hash_of(datagram_key(0)) % kSets) of_one_set.push_back(id);
  }
  for (const std::uint32_t id : std::span{of_one_set}.first(4)) resolve(id, 7);
  EXPECT_TRUE(hold(of_one_set[4], 40, 7));
  EXPECT_TRUE(hold(of_one_set[5], 50, 7));
  EXPECT_TRUE(given_.evicted.empty());
  EXPECT_EQ(find(of_one_set[1], 7), Kind::kWaiting) << "forgotten";
  EXPECT_EQ(find(of_one_set[2], 7), Kind::kServer);
  resolve(of_one_set[4], 7);
  resolve(of_one_set[5], 7);
  EXPECT_EQ(given_.released, (std::vector<std::uint16_t>{40, 50}));
}

TEST_F(FragmentTableTest, LosesAndDoublesNoFrame) {
  std::mt19937 random{3};
  std::map<std::uint16_t, int> inside;
  Tick now = static_cast<Tick>(0) - 3000;
  std::uint16_t next = 0;
  const auto take = [&](std::vector<std::uint16_t>& list) {
    for (const std::uint16_t frame : list) ASSERT_EQ(inside.erase(frame), 1U);
    list.clear();
  };
  for (int step = 0; step < 50'000; ++step) {
    const auto datagram = static_cast<std::uint32_t>(random() % 3000);
    switch (random() % 4) {
      case 0: resolve(datagram, now); break;
      case 1: expire(now += static_cast<Tick>(random() % 3)); break;
      default:
        if (hold(datagram, ++next, now)) inside[next] = 1;
    }
    take(given_.released);
    take(given_.evicted);
    take(given_.expired);
    ASSERT_EQ(table_.held(), inside.size());
  }
}

TEST(DatagramKey, EachPartTellsDatagramsApart) {
  const DatagramKey key = datagram_key(7);
  DatagramKey other = key;
  other.source.bytes[15] = 1;
  EXPECT_NE(hash_of(key), hash_of(other));
  EXPECT_FALSE(key == other);
  other = key;
  other.destination.bytes[15] = 1;
  EXPECT_NE(hash_of(key), hash_of(other));
  other = key;
  other.protocol = 6;
  EXPECT_NE(hash_of(key), hash_of(other));
  other = key;
  other.family = packet::Family::kIpv6;
  EXPECT_NE(hash_of(key), hash_of(other));
  EXPECT_NE(hash_of(key), hash_of(datagram_key(8)));
}

TEST(DatagramKey, HomesSpreadOverTheWorkers) {
  std::array<int, 3> count{};
  for (std::uint32_t id = 0; id < 3000; ++id) ++count.at(fragment_home(hash_of(datagram_key(id)), 3));
  for (const int each : count) EXPECT_GT(each, 800);
}

}  // namespace
}  // namespace penstock::core
