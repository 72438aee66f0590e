// mh. That its picks are the kernel's: tests/control/director/maglev_kernel_test.cc.
#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "dataplane/core/scheduler.h"
#include "tests/core/scheduler_world.h"

namespace penstock::core {
namespace {

constexpr std::uint32_t kClients = 1000;

TEST(Scheduler, MhGivesAClientTheSameServerWhateverItsPort) {
  World world{SchedulerKind::kMaglev};
  world.set_weights({1, 1, 1});
  std::set<int> used;
  for (std::uint32_t client = 0; client < kClients; ++client) {
    const int id = world.pick({client, 1});
    used.insert(id);
    EXPECT_EQ(world.pick({client, 60'000}), id);
  }
  EXPECT_EQ(used, (std::set{0, 1, 2}));
}

TEST(Scheduler, MhWithPortsSpreadsOneClientsFlows) {
  World world{SchedulerKind::kMaglev};
  world.set_weights({1, 1, 1});
  world.set_maglev_flags({.port = true, .fallback = false});
  std::set<int> used;
  for (std::uint16_t port = 1; port < 100; ++port) used.insert(world.pick({7, port}));
  EXPECT_EQ(used, (std::set{0, 1, 2}));
  EXPECT_EQ(world.pick({7, 99}), world.pick({8, 98})) << "the kernel hashes the sum";
}

TEST(Scheduler, MhOfAServerAtWeightZeroRefusesItsClientsAloneOrWithFallbackServesThemElsewhere) {
  World world{SchedulerKind::kMaglev};
  world.set_weights({1, 1, 1});
  std::vector<int> before;
  for (std::uint32_t client = 0; client < kClients; ++client) before.push_back(world.pick({client, 0}));
  world.set_weights({1, 0, 1});
  for (std::uint32_t client = 0; client < kClients; ++client) {
    EXPECT_EQ(world.pick({client, 0}), before[client] == 1 ? -1 : before[client]);
  }
  world.set_maglev_flags({.port = false, .fallback = true});
  std::set<int> used;
  for (std::uint32_t client = 0; client < kClients; ++client) {
    if (before[client] == 1) {
      used.insert(world.pick({client, 0}));
    } else {
      EXPECT_EQ(world.pick({client, 0}), before[client]);
    }
  }
  EXPECT_EQ(used, (std::set{0, 2}));
}

TEST(Scheduler, MhPassesOverAServerAtItsThresholdOnlyForNewConnections) {
  World world{SchedulerKind::kMaglev};
  world.set_servers({{.id = 0, .weight = 1, .upper_threshold = 2}});
  EXPECT_EQ(world.pick(), 0);
  world.counters(0).active.add(2);
  EXPECT_EQ(world.pick(), -1);
  const Snapshot& snapshot = world.snapshot();
  EXPECT_EQ(Scheduler::pick_by_hash(snapshot, snapshot.service(0), {}, 0), ServerId{0}) << "a flow keeps its server";
}

TEST(Scheduler, MhByHashIsWhatItPicks) {
  World world{SchedulerKind::kMaglev};
  world.set_weights({1, 2, 0, 3});
  world.set_maglev_flags({.port = true, .fallback = true});
  for (std::uint32_t client = 0; client < kClients; ++client) {
    const Client who{client, static_cast<std::uint16_t>(client * 7)};
    const ServerId id = Scheduler::pick_by_hash(world.snapshot(), world.snapshot().service(0), who, client);
    EXPECT_EQ(static_cast<int>(index_of(id)), world.pick(who));
  }
}

}  // namespace
}  // namespace penstock::core
