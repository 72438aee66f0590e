#include "dataplane/core/maglev_table.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <vector>

namespace penstock::core {
namespace {

using Members = std::vector<MaglevTable::Member>;

// Servers 10.0.0.1:80, 10.0.0.2:80, ... of these weights, last added first. Ids count from 0 in the order of adding.
Members members_of(const std::vector<std::uint32_t>& weights) {
  Members members;
  for (std::uint32_t i = 0; i < weights.size(); ++i) {
    const packet::Endpoint endpoint{packet::Ipv4Address{0x0a00'0001 + i}, 80};
    members.insert(members.begin(), {ServerId{static_cast<std::uint16_t>(i)}, MaglevTable::key_of(endpoint), weights[i]});
  }
  return members;
}

std::map<ServerId, std::uint32_t> slots_by_server(const MaglevTable& table) {
  std::map<ServerId, std::uint32_t> slots;
  for (std::uint32_t slot = 0; slot < MaglevTable::kSlots; ++slot) ++slots[table[slot]];
  return slots;
}

Members without(Members members, ServerId id) {
  std::erase_if(members, [&](const MaglevTable::Member& member) { return member.id == id; });
  return members;
}

TEST(MaglevTable, NobodyHasASlotWithoutServersOrWithoutWeight) {
  for (const Members& members : {Members{}, members_of({0}), members_of({0, 0, 0})}) {
    EXPECT_EQ(slots_by_server(MaglevTable{members}), (std::map<ServerId, std::uint32_t>{{kNoServer, MaglevTable::kSlots}}));
  }
}

TEST(MaglevTable, OneServerHasEverySlot) {
  EXPECT_EQ(slots_by_server(MaglevTable{members_of({7})}),
            (std::map<ServerId, std::uint32_t>{{ServerId{0}, MaglevTable::kSlots}}));
}

// Each round gives each server its turn, so that the shares are those of the weights up to the last round's rest.
RC_GTEST_PROP(MaglevTableProperty, EachServersShareIsThatOfItsWeight, ()) {
  const auto weights =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange<std::uint32_t>(0, 64)));
  const Members members = members_of(weights);
  auto slots = slots_by_server(MaglevTable{members});
  std::uint32_t gcd = 0;
  std::uint32_t sum = 0;
  for (const std::uint32_t weight : weights) {
    gcd = std::gcd(gcd, weight);
    sum += weight;
  }
  RC_PRE(sum != 0U);
  const std::uint32_t rounds = MaglevTable::kSlots / (sum / gcd);
  for (const MaglevTable::Member& member : members) {
    const std::uint32_t turn = member.weight / gcd;
    RC_ASSERT(slots[member.id] >= rounds * turn);
    RC_ASSERT(slots[member.id] <= (rounds + 1) * turn);
  }
  RC_ASSERT(slots.count(kNoServer) == 0U);
}

// The weights' highest bits count: 2^31-1 to 1 is as 63 to 1.
TEST(MaglevTable, ASmallWeightBesideTheLargestHasAShareAllTheSame) {
  const auto slots = slots_by_server(MaglevTable{members_of({0x7fff'ffff, 1, 0x3fff'ffff})});
  EXPECT_NEAR(slots.at(ServerId{0}), MaglevTable::kSlots * 63 / 95, 64);
  EXPECT_NEAR(slots.at(ServerId{1}), MaglevTable::kSlots / 95, 2);
  EXPECT_NEAR(slots.at(ServerId{2}), MaglevTable::kSlots * 31 / 95, 64);
}

TEST(MaglevTable, AMultipleOfAllWeightsChangesNothing) {
  const Members once = members_of({1, 2, 3});
  const Members thousandfold = members_of({1000, 2000, 3000});
  const MaglevTable table{once};
  const MaglevTable other{thousandfold};
  for (std::uint32_t slot = 0; slot < MaglevTable::kSlots; ++slot) ASSERT_EQ(table[slot], other[slot]);
}

// Of the slots that were not the leaving server's own, few change hands: by plain remainders it would be nine of ten.
TEST(MaglevTable, WhenAServerLeavesHardlyAnyOfTheOthersSlotsChange) {
  const Members members = members_of(std::vector<std::uint32_t>(10, 1));
  const MaglevTable before{members};
  for (std::uint16_t i = 0; i < 10; ++i) {
    const ServerId gone{i};
    const MaglevTable after{without(members, gone)};
    std::uint32_t moved = 0;
    for (std::uint32_t slot = 0; slot < MaglevTable::kSlots; ++slot) {
      EXPECT_NE(after[slot], gone);
      if (before[slot] != gone && before[slot] != after[slot]) ++moved;
    }
    EXPECT_LT(moved, MaglevTable::kSlots / 20) << i;
  }
}

TEST(MaglevTable, AServerThatComesBackToItsPlaceHasItsSlotsAgain) {
  const Members members = members_of({3, 1, 4, 1, 5});
  const MaglevTable before{members};
  const MaglevTable again{without(members_of({3, 1, 4, 1, 5, 9}), ServerId{5})};
  for (std::uint32_t slot = 0; slot < MaglevTable::kSlots; ++slot) ASSERT_EQ(before[slot], again[slot]);
}

TEST(MaglevTable, OfTooManyServersThoseAddedFirstTakePart) {
  Members members = members_of(std::vector<std::uint32_t>(MaglevTable::kSlots + 5, 1));
  const auto slots = slots_by_server(MaglevTable{members});
  EXPECT_EQ(slots.size(), MaglevTable::kSlots);
  for (std::uint32_t id = 0; id < MaglevTable::kSlots; ++id)
    EXPECT_EQ(slots.count(ServerId{static_cast<std::uint16_t>(id)}), 1U);
}

// By the words of the two addresses and the port, as one number.
TEST(MaglevTable, AddressesAreFoldedAndThePortIsAdded) {
  EXPECT_EQ(folded(packet::IpAddress::parse("1.2.3.4").value().v4()), 0x0102'0304U);
  EXPECT_EQ(folded(packet::IpAddress::parse("2001:db8::1").value().v6()), 0x2001'0db9U);
  EXPECT_EQ(folded(packet::IpAddress::parse("1:2:4:8:10:20:40:80").value().v6()), 0x0055'00aaU);
  EXPECT_EQ(MaglevTable::key_of({packet::IpAddress::parse("1.2.3.4").value(), 80}), 0x0102'0354U);
  EXPECT_EQ(MaglevTable::key_of({packet::IpAddress::parse("ffff:ffff::").value(), 2}), 1U);
}

TEST(MaglevTable, ClientsAreSpreadEvenlyOverTheSlots) {
  std::vector<std::uint32_t> hits(MaglevTable::kSlots);
  for (std::uint32_t client = 0; client < 100 * MaglevTable::kSlots; ++client) ++hits.at(MaglevTable::slot_of(client));
  double chi_square = 0;
  for (const std::uint32_t count : hits) chi_square += std::pow(count - 100.0, 2) / 100.0;
  EXPECT_NEAR(chi_square, MaglevTable::kSlots, 5 * std::sqrt(2.0 * MaglevTable::kSlots));
}

}  // namespace
}  // namespace penstock::core
