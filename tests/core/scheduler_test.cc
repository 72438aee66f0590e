#include "dataplane/core/scheduler.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/core/scheduler_models.h"
#include "tests/core/scheduler_world.h"

namespace penstock::core {
namespace {

constexpr auto kAnybody = [] { return Client{}; };

using test::ModelServer;
using test::ModelService;

// ---- Against the models: servers come, go and change weight, connections come and go, and each pick is the model's.

struct Play {
  explicit Play(SchedulerKind scheduler) : model{scheduler}, world{scheduler} {}

  void change(std::uint64_t choice, bool with_thresholds) {
    const auto count = model.servers().size();
    if (count == 0 || (choice % 5 == 0 && count < 8)) {
      ModelServer server{.id = next_id++, .weight = weight(choice)};
      if (with_thresholds && (choice >> 16) % 2 == 0) {
        server.upper_threshold = 1 + static_cast<std::uint32_t>((choice >> 20) % 6);
        server.lower_threshold = static_cast<std::uint32_t>((choice >> 24) % (server.upper_threshold + 1));
      }
      model.add(server);
    } else {
      const unsigned id = std::next(model.servers().begin(), static_cast<long>((choice >> 8) % count))->id;
      if (choice % 5 == 1) {
        model.remove(id);
      } else {
        model.set_weight(id, weight(choice));
      }
    }
    world.set_servers(model.servers());
  }

  static std::uint32_t weight(std::uint64_t choice) {
    static constexpr std::array<std::uint32_t, 10> kWeights{0, 1, 1, 2, 3, 4, 6, 8, 12, 100};
    return kWeights.at((choice >> 40) % kWeights.size());
  }

  // Returns what both picked.
  std::pair<int, int> pick() {
    const auto expected = model.pick();
    const int actual = world.pick();
    if (expected) {
      model.bind(*expected);
      world.counters(*expected).inactive.add();
      connections.push_back({*expected, false});
    }
    return {expected ? static_cast<int>(*expected) : -1, actual};
  }

  void move_connection(std::uint64_t choice) {
    if (connections.empty()) return;
    const std::size_t at = (choice >> 8) % connections.size();
    auto& [id, active] = connections[at];
    const bool is_there = std::ranges::any_of(model.servers(), [&](const ModelServer& server) { return server.id == id; });
    if (!active && choice % 2 == 0 && is_there) {
      model.activate(id);
      world.counters(id).inactive.subtract();
      world.counters(id).active.add();
      active = true;
      return;
    }
    model.unbind(id, active);
    (active ? world.counters(id).active : world.counters(id).inactive).subtract();
    connections.erase(connections.begin() + static_cast<std::ptrdiff_t>(at));
  }

  ModelService model;
  World world;
  unsigned next_id = 0;
  std::vector<std::pair<unsigned, bool>> connections;
};

void picks_as_the_model(SchedulerKind kind, bool with_thresholds) {
  Play play{kind};
  for (const std::uint64_t choice : *rc::gen::container<std::vector<std::uint64_t>>(200, rc::gen::arbitrary<std::uint64_t>())) {
    const std::uint64_t what = choice % 16;
    if (what >= 1 && what <= 4) {
      play.move_connection(choice / 16);
      continue;
    }
    // One change at a time: a pick follows each, as a worker would look at each snapshot.
    if (what == 0) play.change(choice / 16, with_thresholds);
    const auto [expected, actual] = play.pick();
    RC_ASSERT(actual == expected);
  }
}

RC_GTEST_PROP(SchedulerProperty, RrPicksAsTheModel, ()) { picks_as_the_model(SchedulerKind::kRoundRobin, false); }
RC_GTEST_PROP(SchedulerProperty, WrrPicksAsTheModel, ()) { picks_as_the_model(SchedulerKind::kWeightedRoundRobin, false); }
RC_GTEST_PROP(SchedulerProperty, LcPicksAsTheModel, ()) { picks_as_the_model(SchedulerKind::kLeastConnection, false); }
RC_GTEST_PROP(SchedulerProperty, WlcPicksAsTheModel, ()) { picks_as_the_model(SchedulerKind::kWeightedLeastConnection, false); }
RC_GTEST_PROP(SchedulerProperty, RrWithThresholdsPicksAsTheModel, ()) { picks_as_the_model(SchedulerKind::kRoundRobin, true); }
RC_GTEST_PROP(SchedulerProperty, WrrWithThresholdsPicksAsTheModel, ()) {
  picks_as_the_model(SchedulerKind::kWeightedRoundRobin, true);
}
RC_GTEST_PROP(SchedulerProperty, LcWithThresholdsPicksAsTheModel, ()) {
  picks_as_the_model(SchedulerKind::kLeastConnection, true);
}
RC_GTEST_PROP(SchedulerProperty, WlcWithThresholdsPicksAsTheModel, ()) {
  picks_as_the_model(SchedulerKind::kWeightedLeastConnection, true);
}

// The last pick left while nobody could be picked: each change until the next pick took rr's place one further back, and when
// the server came back, as the newest, rr went on behind it as if it had never left.
TEST(Scheduler, RrKeepsItsPlaceWhileNobodyCanBePicked) {
  ModelService model{SchedulerKind::kRoundRobin};
  World world{SchedulerKind::kRoundRobin};
  const auto expect_same_pick = [&] {
    world.set_servers(model.servers());
    const auto expected = model.pick();
    EXPECT_EQ(world.pick(), expected ? static_cast<int>(*expected) : -1);
  };
  for (unsigned id = 0; id < 4; ++id) model.add({.id = id});
  for (int i = 0; i < 3; ++i) expect_same_pick();  // 3, 2 and 1
  for (const unsigned id : {0U, 2U, 3U}) {
    model.set_weight(id, 0);
    expect_same_pick();
  }
  model.remove(1);
  expect_same_pick();
  model.add({.id = 1, .weight = 0});
  expect_same_pick();
  for (const unsigned id : {0U, 1U, 2U, 3U}) model.set_weight(id, 1);
  for (int i = 0; i < 4; ++i) expect_same_pick();
}

// A daemon that starts sees all servers at once; the kernel saw one after the other. wrr's first round differs by it.
RC_GTEST_PROP(SchedulerProperty, ANewServicesFirstPicksAreThoseOfServersAddedOneByOne, ()) {
  const auto kind = *rc::gen::element(SchedulerKind::kRoundRobin, SchedulerKind::kWeightedRoundRobin);
  const auto weights = *rc::gen::container<std::vector<std::uint32_t>>(
      *rc::gen::inRange<std::size_t>(0, 7), rc::gen::element<std::uint32_t>(0, 1, 2, 3, 4, 5, 6, 9, 10, 100));
  ModelService model{kind};
  for (unsigned id = 0; id < weights.size(); ++id) model.add({.id = id, .weight = weights[id]});
  World world{kind};
  world.set_weights(weights);
  for (int i = 0; i < 60; ++i) {
    const auto expected = model.pick();
    RC_ASSERT(world.pick() == (expected ? static_cast<int>(*expected) : -1));
  }
}

// ---- By hand

TEST(Scheduler, RrWalksFromTheLastAdded) {
  World world{SchedulerKind::kRoundRobin};
  world.set_weights({1, 1, 1});
  EXPECT_EQ(world.picks(7), "cbacbac");
}

TEST(Scheduler, WrrOfWeights4And3And2) {
  World world{SchedulerKind::kWeightedRoundRobin};
  world.set_weights({4, 3, 2});  // a, b, c; walked c, b, a
  EXPECT_EQ(world.picks(18), [] {
    ModelService model{SchedulerKind::kWeightedRoundRobin};
    for (const unsigned id : {0U, 1U, 2U}) model.add({.id = id, .weight = 4 - id});
    std::string text;
    for (int i = 0; i < 18; ++i) text += static_cast<char>('a' + *model.pick());
    return text;
  }());
}

TEST(Scheduler, WrrGivesEachServerItsShare) {
  World world{SchedulerKind::kWeightedRoundRobin};
  world.set_weights({10, 20, 70});
  const std::string text = world.picks(1000);
  EXPECT_EQ(std::ranges::count(text, 'a'), 100);
  EXPECT_EQ(std::ranges::count(text, 'b'), 200);
  EXPECT_EQ(std::ranges::count(text, 'c'), 700);
}

TEST(Scheduler, NoneWithoutServersOrWithoutWeight) {
  for (const SchedulerKind kind :
       {SchedulerKind::kRoundRobin, SchedulerKind::kWeightedRoundRobin, SchedulerKind::kLeastConnection,
        SchedulerKind::kWeightedLeastConnection, SchedulerKind::kMaglev}) {
    World world{kind};
    world.set_maglev_flags({.port = false, .fallback = true});
    EXPECT_EQ(world.picks(3), "---");
    world.set_weights({0, 0});
    EXPECT_EQ(world.picks(3), "---");
    world.set_weights({0, 1});
    EXPECT_EQ(world.picks(3), "bbb");
  }
}

TEST(Scheduler, LcAndWlcSeeTheConnectionsOfAllWorkers) {
  World least{SchedulerKind::kLeastConnection};
  least.set_weights({1, 1});
  EXPECT_EQ(least.pick(), 1);
  least.counters(1, 1).inactive.add();  // on the other worker
  EXPECT_EQ(least.pick(), 0);
  least.counters(0).active.add();
  EXPECT_EQ(least.pick(), 1);
  World weighted{SchedulerKind::kWeightedLeastConnection};
  weighted.set_weights({4, 1});
  weighted.counters(0).active.add(3);
  weighted.counters(1, 1).active.add();
  EXPECT_EQ(weighted.pick(), 0);
  weighted.counters(0).active.add();
  EXPECT_EQ(weighted.pick(), 1);
}

// The kernel would go through 65,534 rounds for each of these picks.
TEST(Scheduler, WrrLeapsOverRoundsInWhichNobodyHasATurn) {
  World world{SchedulerKind::kWeightedRoundRobin};
  world.set_servers({{.id = 0, .weight = 0x7fff'ffff, .upper_threshold = 1}, {.id = 1, .weight = 1}});
  EXPECT_EQ(world.pick(), 0);
  world.counters(0).active.add();
  EXPECT_EQ(world.picks(1000), std::string(1000, 'b'));
}

// A server at its threshold whose connection ends before the next pick has still been at its threshold.
TEST(Scheduler, AServerThatReachedItsThresholdMustComeBelowTheLowerOne) {
  World world{SchedulerKind::kRoundRobin};
  world.set_servers({{.id = 0, .weight = 1, .upper_threshold = 4, .lower_threshold = 2}});
  world.counters(0).inactive.add(3);
  EXPECT_EQ(world.pick(), 0);  // the fourth
  EXPECT_EQ(world.pick(), -1);
  world.counters(0).inactive.subtract();
  EXPECT_EQ(world.pick(), -1);
  world.counters(0).inactive.subtract();
  EXPECT_EQ(world.pick(), 0);
}

TEST(Scheduler, WlcOfTheLargestNumbersDoesNotOverflow) {
  World world{SchedulerKind::kWeightedLeastConnection};
  world.set_weights({0x7fff'ffff, 0x7fff'ffff});
  world.counters(0).active.add(30'000'000);
  world.counters(1).active.add(30'000'001);
  EXPECT_EQ(world.pick(), 0);
}

TEST(Scheduler, AServerThatCannotTakeConnectionsIsPassedOver) {
  SnapshotBuilder builder;
  const auto set = [&](unsigned id, bool available, bool resolved, bool local) {
    builder.set_server(
        ServerId{static_cast<std::uint16_t>(id)},
        {.destination = {}, .source = {}, .available = available, .resolved = resolved, .local = local, .weight = 1});
  };
  set(0, false, true, false);
  set(1, true, false, false);
  set(2, true, false, true);
  builder.add_service({.endpoint = {packet::IpAddress::parse("10.0.0.1").value(), 80},
                       .protocol = packet::Protocol::kTcp,
                       .virtual_id = VirtualId{1},
                       .generation = 1,
                       .members = {ServerId{0}, ServerId{1}, ServerId{2}}});
  const auto snapshot = builder.build();
  const CounterBoard board{1};
  Scheduler scheduler{board};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(scheduler.pick(*snapshot, snapshot->service(0), kAnybody), ServerId{2});
  for (std::uint64_t hash = 0; hash < 10; ++hash) {
    EXPECT_EQ(Scheduler::pick_by_hash(*snapshot, snapshot->service(0), {}, hash), ServerId{2});
  }
}

TEST(Scheduler, ByHashTheSameHashHasTheSameServer) {
  World world{SchedulerKind::kRoundRobin};
  world.set_weights({1, 0, 1, 5});
  std::set<ServerId> used;
  for (std::uint64_t hash = 0; hash < 100; ++hash) {
    const ServerId id =
        Scheduler::pick_by_hash(world.snapshot(), world.snapshot().service(0), {}, hash * 0x9e37'79b9'7f4a'7c15U);
    EXPECT_EQ(Scheduler::pick_by_hash(world.snapshot(), world.snapshot().service(0), {}, hash * 0x9e37'79b9'7f4a'7c15U), id);
    used.insert(id);
  }
  EXPECT_EQ(used, (std::set{ServerId{0}, ServerId{2}, ServerId{3}}));
  EXPECT_NE(Scheduler::pick_by_hash(world.snapshot(), world.snapshot().service(0), {}, UINT64_MAX), kNoServer);
  world.set_weights({0, 0});
  EXPECT_EQ(Scheduler::pick_by_hash(world.snapshot(), world.snapshot().service(0), {}, 7), kNoServer);
}

// Each worker has its own turn.
TEST(Scheduler, TwoServicesHaveTheirOwnPlaces) {
  SnapshotBuilder builder;
  for (const std::uint16_t id : {std::uint16_t{0}, std::uint16_t{1}}) {
    builder.set_server(ServerId{id}, {.destination = {}, .source = {}, .available = true, .resolved = true, .weight = 1});
  }
  for (const std::uint16_t slot : {std::uint16_t{1}, std::uint16_t{2}}) {
    builder.add_service({.endpoint = {packet::IpAddress::parse("10.0.0.1").value(), slot},
                         .protocol = packet::Protocol::kTcp,
                         .virtual_id = VirtualId{slot},
                         .scheduler_slot = slot,
                         .generation = 1,
                         .members = {ServerId{0}, ServerId{1}}});
  }
  const auto snapshot = builder.build();
  const CounterBoard board{1};
  Scheduler scheduler{board};
  EXPECT_EQ(scheduler.pick(*snapshot, snapshot->service(0), kAnybody), ServerId{0});
  EXPECT_EQ(scheduler.pick(*snapshot, snapshot->service(1), kAnybody), ServerId{0});
  EXPECT_EQ(scheduler.pick(*snapshot, snapshot->service(0), kAnybody), ServerId{1});
}

}  // namespace
}  // namespace penstock::core
