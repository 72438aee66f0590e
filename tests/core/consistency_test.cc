// Does a connection ever reach another server than its own? A hundred thousand packets of random clients while servers are
// added, removed, quiesced and reweighted, each verdict compared with what a plain model of the rules allows.
//
// PENSTOCK_TEST_SEED=n replays a run; the seed is printed with each failure.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <string>

#include "tests/core/worker_group.h"
#include "tests/support/rows_words.h"
#include "tests/support/seed.h"

namespace penstock::test {
namespace {

using core::Action;
using core::ConnectionState;
using packet::DropReason;
namespace tcp_flag = packet::tcp_flag;

constexpr unsigned kServers = 6;

struct Packet {
  bool is_v4 = true;
  bool is_tcp = true;
  std::uint16_t client_port = 0;
  std::uint8_t flags = 0;

  [[nodiscard]] Bytes build() const {
    const Side& side = is_v4 ? ipv4_side() : ipv6_side();
    return is_tcp ? side.tcp(client_port, flags) : side.udp(client_port);
  }
  // The same for all packets of a connection.
  [[nodiscard]] unsigned flow() const { return client_port * 4U + (is_v4 ? 2U : 0U) + (is_tcp ? 1U : 0U); }
};

// What the rules say, connection by connection. Which server a new connection gets is the scheduler's matter: any that takes
// new ones will do here.
class FlowModel {
 public:
  // What is wrong with this outcome; empty: nothing.
  std::string judge(const Situation& now_is, core::Tick now, const Packet& packet, const Handled& outcome) {
    const bool begins = (packet.flags & tcp_flag::kSyn) != 0;
    std::optional<Known> known = find(packet, now);
    if (known && packet.is_tcp && begins) {
      const bool ended = known->state == ConnectionState::kTimeWait || known->state == ConnectionState::kClose;
      if (ended || (now_is.expire_nodest_conn && now_is.servers[known->server].weight == 0)) known.reset();
    }
    if (known && !now_is.servers[known->server].available) {
      if (!now_is.expire_nodest_conn) {
        return outcome.verdict.action == Action::kDrop && outcome.verdict.reason == DropReason::kServerRemoved
                   ? ""
                   : "a removed server's packet was not dropped";
      }
      known.reset();
    }
    if (known) return judge_known(*known, now, packet, outcome);
    flows_.erase(packet.flow());
    if (packet.is_tcp && ((!begins && !now_is.sloppy_tcp) || (packet.flags & tcp_flag::kRst) != 0)) {
      return outcome.verdict.action == Action::kPunt ? "" : "a packet without a connection didn't go to the kernel";
    }
    return judge_new(now_is, now, packet, outcome);
  }

 private:
  struct Known {
    unsigned server;
    ConnectionState state;
    core::Tick expires;
  };

  std::optional<Known> find(const Packet& packet, core::Tick now) const {
    const auto found = flows_.find(packet.flow());
    if (found == flows_.end() || core::is_past(found->second.expires, now)) return {};
    return found->second;
  }

  std::string judge_known(Known known, core::Tick now, const Packet& packet, const Handled& outcome) {
    if (outcome.verdict.action != Action::kForward) return "an established connection's packet was not forwarded";
    if (server_of(outcome) != known.server) {
      return "a connection moved from server " + std::to_string(known.server) + " to " + std::to_string(server_of(outcome));
    }
    remember(packet, known.server, known.state, now);
    return "";
  }

  std::string judge_new(const Situation& now_is, core::Tick now, const Packet& packet, const Handled& outcome) {
    bool any = false;
    for (const RowServer& server : now_is.servers) any |= server.available && server.weight > 0;
    if (!any) {
      const bool refused = outcome.verdict.action == Action::kReply ||
                           (outcome.verdict.action == Action::kDrop && outcome.verdict.reason == DropReason::kIcmpFloodLimited);
      return refused ? "" : "a new connection was not refused though no server was left";
    }
    if (outcome.verdict.action != Action::kForward) return "a new connection was not forwarded";
    const RowServer& server = now_is.servers.at(server_of(outcome));
    if (!server.available || server.weight == 0) return "a new connection went to a server that takes none";
    remember(packet, server_of(outcome), ConnectionState::kNone, now);
    return "";
  }

  void remember(const Packet& packet, unsigned server, ConnectionState state, core::Tick now) {
    const ConnectionState next = packet.is_tcp ? core::next_state(state, core::event_of(packet.flags)) : ConnectionState::kUdp;
    flows_[packet.flow()] = {server, next, now + core::StateTimeouts{}[next]};
  }

  static unsigned server_of(const Handled& outcome) { return std::to_integer<unsigned>(outcome.bytes.at(5)); }

  std::map<unsigned, Known> flows_;
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
  Play(std::uint64_t seed, unsigned workers) : random_{seed}, workers_{workers} {
    lose_connections();
    change();
  }

  // New, empty tables. In the middle of it all: the fault that the model must see.
  void lose_connections() { group_ = std::make_unique<WorkerGroup>(workers_, 16'384); }

  // What was wrong in the next packet; empty: nothing.
  std::string step() {
    if (roll(300) == 0) change();
    if (roll(20) == 0) pass(1 + roll(200));
    if (roll(3000) == 0) pass(130 * kSecond);
    if (roll(20'000) == 0) pass(1000 * kSecond);
    const Packet packet = next_packet();
    const auto worker = static_cast<core::WorkerIndex>(packet.flow() * 2654435761U % workers_);  // as RSS: by flow
    const auto out = group_->receive(worker, *snapshot_, now_, packet.build());
    if (out.size() != 1) return "not one outcome";
    return model_.judge(situation_, now_, packet, out.front());
  }

 private:
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
      default:
        if (situation_.servers[server].available) break;
        situation_.servers[server] = {.weight = 1 + roll(3)};
        for (RowService& service : situation_.services) service.servers.push_back(server);
    }
    snapshot_ = snapshot_of(situation_, ++generation_);
  }

  Packet next_packet() {
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
  unsigned workers_;
  std::unique_ptr<WorkerGroup> group_;
  Situation situation_ = six_servers();
  std::unique_ptr<const core::Snapshot> snapshot_;
  std::uint32_t generation_ = 0;
  core::Tick now_ = static_cast<core::Tick>(0) - 3600 * kSecond;  // the tick counter wraps in the middle
  FlowModel model_;
};

TEST(Consistency, AConnectionNeverMovesBeyondWhatTheRulesAllow) {
  for (const unsigned workers : {1U, 2U}) {
    Play play{seed() + workers, workers};
    for (int step = 0; step < 100'000; ++step) {
      const std::string complaint = play.step();
      ASSERT_EQ(complaint, "") << "step " << step << " over " << workers << " workers, PENSTOCK_TEST_SEED=" << seed();
    }
  }
}

TEST(Consistency, TheModelSeesATableThatLosesItsConnections) {
  Play play{seed(), 1};
  for (int step = 0; step < 5000; ++step) ASSERT_EQ(play.step(), "") << "PENSTOCK_TEST_SEED=" << seed();
  play.lose_connections();
  bool seen = false;
  for (int step = 0; step < 5000 && !seen; ++step) seen = !play.step().empty();
  EXPECT_TRUE(seen) << "PENSTOCK_TEST_SEED=" << seed();
}

}  // namespace
}  // namespace penstock::test
