// mh and sloppy_tcp: the tables that the director makes, and what it tells the workers.
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "tests/control/director/director_fixture.h"

namespace penstock::control {
namespace {

// mh: what a snapshot's workers see of the only service's table.
struct MaglevSeen {
  explicit MaglevSeen(const core::Snapshot& snapshot)
      : table{snapshot.maglev_table(snapshot.service(snapshot.service_table().find(ip("192.168.1.200").v4(), 80, 6).service))} {
  }
  [[nodiscard]] std::size_t slots_of(core::ServerId id) const {
    std::size_t count = 0;
    for (std::uint32_t slot = 0; slot < core::MaglevTable::kSlots; ++slot) count += (*table)[slot] == id ? 1 : 0;
    return count;
  }
  const core::MaglevTable* table;
};

Director::Wanted web_by_mh(std::vector<Director::Row> rows) {
  Director::Wanted wanted = web(std::move(rows));
  wanted.scheduler = config::Scheduler::kMaglev;
  return wanted;
}

TEST_F(DirectorTest, MhsTableFollowsEachVerdictInACopyAsInABuild) {
  const Director::Wanted wanted = web_by_mh({real_server("10.0.0.1"), real_server("10.0.0.2"), real_server("10.0.0.3")});
  apply(Services({wanted}));
  static_cast<void>(director_.build_snapshot());
  std::mt19937 random{1};
  for (int step = 0; step < 100; ++step) {
    std::vector<Director::Row> rows;
    for (const packet::Endpoint& endpoint : wanted.named) {
      if (random() % 3 != 0) rows.push_back({endpoint, static_cast<std::uint32_t>(random() % 4)});
    }
    director_.set_rows(wanted.key, rows);
    const auto copied = director_.snapshot_with_new_rows();
    const core::MaglevTable& table = *MaglevSeen{*copied}.table;
    const auto& members = copied->members(copied->service(0));
    ASSERT_EQ(table.members().size(), members.size());
    const core::MaglevTable made_anew{table.members()};
    for (std::size_t i = 0; i < members.size(); ++i) ASSERT_EQ(table.members()[i].id, members[i]);
    for (std::uint32_t slot = 0; slot < core::MaglevTable::kSlots; ++slot) ASSERT_EQ(table[slot], made_anew[slot]);
  }
}

TEST_F(DirectorTest, MhsTableIsSharedByAllSnapshotsUntilItsServersChange) {
  const Director::Wanted wanted = web_by_mh({real_server("10.0.0.1"), real_server("10.0.0.2", 2)});
  const Director::Wanted other = service({ip("192.168.1.201"), 80}, packet::Protocol::kTcp, {real_server("10.0.0.9")});
  apply(Services({wanted, other}));
  const auto first = director_.build_snapshot();
  director_.set_rows(other.key, {});
  const auto second = director_.snapshot_with_new_rows();
  apply(Services({wanted}));
  const auto third = director_.build_snapshot();
  EXPECT_EQ(MaglevSeen{*first}.table, MaglevSeen{*second}.table);
  EXPECT_EQ(MaglevSeen{*first}.table, MaglevSeen{*third}.table);
  director_.set_rows(wanted.key, std::vector<Director::Row>{real_server("10.0.0.1")});
  const auto fourth = director_.snapshot_with_new_rows();
  EXPECT_NE(MaglevSeen{*first}.table, MaglevSeen{*fourth}.table);
  EXPECT_EQ(MaglevSeen{*fourth}.slots_of(id_of("10.0.0.1")), core::MaglevTable::kSlots);
  EXPECT_GT(MaglevSeen{*first}.slots_of(id_of("10.0.0.2")), 2000U);  // the old one is as it was
}

// The kernel's last_weight.
TEST_F(DirectorTest, AServerAtWeightZeroKeepsItsSlotsOfMhsTableUntilItIsAddedAnew) {
  const auto slots = [&](std::uint32_t weight) {
    director_.set_rows({{ip("192.168.1.200"), 80}, packet::Protocol::kTcp},
                       std::vector<Director::Row>{real_server("10.0.0.1"), real_server("10.0.0.2", weight)});
    const auto snapshot = director_.snapshot_with_new_rows();
    return MaglevSeen{*snapshot}.slots_of(id_of("10.0.0.2"));
  };
  const Director::Wanted both = web_by_mh({real_server("10.0.0.1"), real_server("10.0.0.2", 3)});
  apply(Services({both}));
  const std::size_t of_three = slots(3);
  EXPECT_GT(of_three, 3000U);
  EXPECT_EQ(slots(0), of_three);
  EXPECT_LT(slots(1), 2100U);
  EXPECT_EQ(slots(0), slots(1));
  director_.set_rows(both.key, std::vector<Director::Row>{real_server("10.0.0.1")});
  EXPECT_EQ(slots(0), 0U);
}

TEST_F(DirectorTest, SloppyTcpIsInEachSnapshot) {
  EXPECT_FALSE(director_.build_snapshot()->sloppy_tcp());
  director_.set_sloppy_tcp(true);
  EXPECT_TRUE(director_.build_snapshot()->sloppy_tcp());
  EXPECT_TRUE(director_.snapshot_with_new_rows()->sloppy_tcp());
}

TEST_F(DirectorTest, AReloadGivesAServiceMhOrOtherFlagsOrTakesThemAway) {
  const auto seen = [&] {
    const auto snapshot = director_.build_snapshot();
    return snapshot->service(0);
  };
  Director::Wanted wanted = web_by_mh({real_server("10.0.0.1")});
  apply(Services({web({real_server("10.0.0.1")})}));
  EXPECT_EQ(seen().scheduler, core::SchedulerKind::kRoundRobin);
  apply(Services({wanted}));
  EXPECT_EQ(seen().scheduler, core::SchedulerKind::kMaglev);
  EXPECT_FALSE(seen().maglev_flags.port || seen().maglev_flags.fallback);
  wanted.maglev_flags.port = true;
  apply(Services({wanted}));
  EXPECT_TRUE(seen().maglev_flags.port);
  EXPECT_FALSE(seen().maglev_flags.fallback);
  wanted.maglev_flags = {.port = false, .fallback = true};
  apply(Services({wanted}));
  EXPECT_FALSE(seen().maglev_flags.port);
  EXPECT_TRUE(seen().maglev_flags.fallback);
  apply(Services({web({real_server("10.0.0.1")})}));
  EXPECT_EQ(seen().scheduler, core::SchedulerKind::kRoundRobin);
}

}  // namespace
}  // namespace penstock::control
