// Does a connection ever reach another server than its own? Millions of packets of random clients while servers are added,
// removed, quiesced, reweighted and flapping, in tables with room and in tables that are far too small, each verdict compared
// with what a plain model of the rules allows (flow_model.h).
//
// PENSTOCK_TEST_SEED=n replays a run; the seed is printed with each failure. PENSTOCK_CONSISTENCY_STEPS=n: so many packets.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include "tests/core/flow_model.h"
#include "tests/core/worker_group.h"
#include "tests/support/rows_words.h"
#include "tests/support/sanitized.h"
#include "tests/support/seed.h"

namespace penstock::test {
namespace {

namespace tcp_flag = packet::tcp_flag;

constexpr unsigned kServers = 6;

// Of each worker: room for so many connections of each family.
struct Shape {
  unsigned workers = 1;
  std::size_t connections = 16'384;
};

Situation six_servers() {
  Situation situation = three_servers();
  situation.servers.resize(kServers);
  for (RowService& service : situation.services) {
    service.servers = {0, 1, 2, 3, 4, 5};
    service.scheduler = core::SchedulerKind::kWeightedLeastConnection;
  }
  return situation;
}

class Play {
 public:
  Play(std::uint64_t seed, Shape shape) : random_{seed}, shape_{shape} {
    lose_connections();
    change();
  }

  // New, empty tables. In the middle of it all: a fault that the model must see.
  void lose_connections() {
    group_ = std::make_unique<WorkerGroup>(shape_.workers, shape_.connections);
    before_ = {};
  }
  // From now on each hundredth packet that is forwarded goes to another server. One alone might begin a connection, or go by
  // hash.
  void move_packets() { moves_ = true; }

  // What was wrong in the next packet; empty: nothing.
  std::string step() {
    if (roll(300) == 0) change();
    if (flapping_ && roll(20) == 0) bring_back();
    if (roll(20) == 0) pass(1 + roll(200));
    if (roll(3000) == 0) pass(130 * kSecond);
    if (roll(20'000) == 0) pass(1000 * kSecond);
    const FlowPacket packet = next_packet();
    const auto worker = static_cast<core::WorkerIndex>(packet.flow() * 2654435761U % shape_.workers);  // as RSS: by flow
    auto out = group_->receive(worker, *snapshot_, now_, packet.build());
    if (out.size() != 1) return "not one outcome";
    if (moves_ && out.front().verdict.action == core::Action::kForward && ++forwarded_ % 100 == 0) {
      out.front().bytes.at(5) = std::byte{static_cast<std::uint8_t>((server_of(out.front()) + 1) % kServers)};
    }
    return model_.judge(situation_, generation_, now_, packet, out.front(), traces());
  }

  // How often a table was full: packets that went by hash, connections that gave way, and those that the model saw gone.
  [[nodiscard]] std::array<std::uint64_t, 3> pressure() const { return {before_.stateless, before_.gave_way, model_.gone()}; }

 private:
  struct Counts {
    std::uint64_t began = 0;
    std::uint64_t stateless = 0;
    std::uint64_t gave_way = 0;
  };

  // Of the packet that was just received.
  Traces traces() {
    Counts now;
    for (core::WorkerIndex worker = 0; worker < shape_.workers; ++worker) {
      now.stateless += group_->board().worker(worker).stateless.get();
      now.gave_way += group_->board().worker(worker).evicted.get();
      for (std::uint16_t id = 0; id < kServers; ++id) {
        now.began += group_->board().server(worker, core::ServerId{id}).connections.get();
      }
    }
    const Counts before = std::exchange(before_, now);
    return {now.began != before.began, now.stateless != before.stateless, now.gave_way != before.gave_way};
  }

  unsigned roll(unsigned sides) { return static_cast<unsigned>(random_() % sides); }

  void pass(unsigned ticks) {
    now_ += ticks;
    group_->maintain(*snapshot_, now_);
  }

  void change() {
    const unsigned server = roll(kServers);
    switch (roll(9)) {
      case 0:
      case 1: situation_ = without_server(situation_, server); break;
      case 2: situation_.servers[server].weight = 0; break;
      case 3: situation_.servers[server].weight = roll(5); break;
      case 4: situation_.expire_nodest_conn = !situation_.expire_nodest_conn; break;
      case 5: situation_.sloppy_tcp = !situation_.sloppy_tcp; break;
      case 6:
        if (flapping_ || !situation_.servers[server].available) break;
        situation_ = without_server(situation_, server);
        flapping_ = server;
        break;
      default: add(server);
    }
    publish();
  }

  // The check that has just failed succeeds again.
  void bring_back() {
    add(*std::exchange(flapping_, std::nullopt));
    publish();
  }

  void add(unsigned server) {
    if (situation_.servers[server].available) return;
    situation_.servers[server] = {.weight = 1 + roll(3)};
    for (RowService& service : situation_.services) service.servers.push_back(server);
  }

  void publish() { snapshot_ = snapshot_of(situation_, ++generation_); }

  FlowPacket next_packet() {
    static constexpr std::array<std::uint8_t, 12> kFlags{tcp_flag::kSyn,
                                                         tcp_flag::kSyn,
                                                         tcp_flag::kAck,
                                                         tcp_flag::kAck,
                                                         tcp_flag::kAck,
                                                         tcp_flag::kAck,
                                                         tcp_flag::kAck,
                                                         tcp_flag::kAck | tcp_flag::kPsh,
                                                         tcp_flag::kRst,
                                                         tcp_flag::kFin | tcp_flag::kAck,
                                                         tcp_flag::kSyn | tcp_flag::kAck,
                                                         tcp_flag::kSyn | tcp_flag::kRst};
    return {.is_v4 = roll(2) == 0,
            .is_tcp = roll(3) != 0,
            .client_port = static_cast<std::uint16_t>(1001 + roll(400)),
            .flags = kFlags.at(roll(kFlags.size()))};
  }

  std::mt19937_64 random_;
  Shape shape_;
  std::unique_ptr<WorkerGroup> group_;
  Counts before_;
  Situation situation_ = six_servers();
  std::unique_ptr<const core::Snapshot> snapshot_;
  std::uint32_t generation_ = 0;
  core::Tick now_ = static_cast<core::Tick>(0) - 3600 * kSecond;  // the tick counter wraps in the middle
  std::optional<unsigned> flapping_;
  FlowModel model_;
  bool moves_ = false;
  std::uint64_t forwarded_ = 0;
};

// Workers and room: plenty of it, and less than a third of what is wanted.
constexpr std::array<Shape, 4> kShapes{{{1, 16'384}, {2, 16'384}, {1, 200}, {3, 64}}};

std::uint64_t steps_in_all() {
  const char* const given = std::getenv("PENSTOCK_CONSISTENCY_STEPS");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : kIsSanitized ? 100'000 : 10'000'000;
}

class Consistency : public testing::TestWithParam<Shape> {
 protected:
  Play play_{seed() + GetParam().workers, GetParam()};
};

TEST_P(Consistency, AConnectionNeverMovesBeyondWhatTheRulesAllow) {
  const std::uint64_t steps = steps_in_all() / kShapes.size();
  for (std::uint64_t step = 0; step < steps; ++step) {
    const std::string complaint = play_.step();
    ASSERT_EQ(complaint, "") << "step " << step << ", PENSTOCK_TEST_SEED=" << seed();
  }
  const auto [stateless, gave_way, gone] = play_.pressure();
  std::cout << steps << " packets; " << stateless << " went by hash, " << gave_way << " connections gave way, " << gone
            << " of them were missed\n";
  const bool is_small = GetParam().connections < 1000;
  EXPECT_EQ(stateless != 0, is_small);
  EXPECT_EQ(gave_way != 0, is_small);
}

TEST_P(Consistency, AMutantThatLosesItsConnectionsIsSeen) {
  for (int step = 0; step < 5000; ++step) ASSERT_EQ(play_.step(), "") << "PENSTOCK_TEST_SEED=" << seed();
  play_.lose_connections();
  bool seen = false;
  for (int step = 0; step < 5000 && !seen; ++step) seen = !play_.step().empty();
  EXPECT_TRUE(seen) << "PENSTOCK_TEST_SEED=" << seed();
}

TEST_P(Consistency, AMutantThatMovesPacketsIsSeen) {
  for (int step = 0; step < 5000; ++step) ASSERT_EQ(play_.step(), "") << "PENSTOCK_TEST_SEED=" << seed();
  play_.move_packets();
  bool seen = false;
  for (int step = 0; step < 20'000 && !seen; ++step) seen = !play_.step().empty();
  EXPECT_TRUE(seen) << "PENSTOCK_TEST_SEED=" << seed();
}

INSTANTIATE_TEST_SUITE_P(Shapes, Consistency, testing::ValuesIn(kShapes), [](const auto& named) {
  return std::to_string(named.param.workers) + "WorkersWithRoomFor" + std::to_string(named.param.connections);
});

}  // namespace
}  // namespace penstock::test
