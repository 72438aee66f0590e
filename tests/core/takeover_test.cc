// Two directors that tell each other of their connections, and clients that hold theirs while one takes over from the other
// again and again: no connection moves, none is lost.
//
// PENSTOCK_TEST_SEED=n replays a run; the seed is printed with each failure.
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>

#include "tests/core/worker_group.h"
#include "tests/support/rows_words.h"
#include "tests/support/seed.h"

namespace penstock::test {
namespace {

using core::Action;

struct Director {
  WorkerGroup workers;
  std::uint32_t rss;  // which worker gets a flow: each director's device has its own mind

  [[nodiscard]] core::WorkerIndex worker_of(std::uint32_t flow) const {
    return static_cast<core::WorkerIndex>((flow * 2654435761U ^ rss) >> 8) % static_cast<core::WorkerIndex>(workers.size());
  }
};

class Pair {
 public:
  explicit Pair(std::uint64_t seed_value)
      : random_{seed_value}, directors_{Director{WorkerGroup{2}, 1}, Director{WorkerGroup{3}, 77'777}} {
    open(master_, true);
  }

  // One packet of some client, and what was wrong with its way; empty: nothing.
  std::string step() {
    if (roll(4) == 0) ++now_;
    if (held_.size() < 300 && roll(8) == 0) return begin();
    if (held_.empty()) return "";
    auto flow = std::next(held_.begin(), static_cast<std::ptrdiff_t>(roll(static_cast<unsigned>(held_.size()))));
    const bool ends = flow->second.is_tcp && roll(60) == 0;
    const Side& side = flow->second.is_v4 ? ipv4_side() : ipv6_side();
    const auto port = static_cast<std::uint16_t>(flow->first);
    const int server = send(flow->first, !flow->second.is_tcp ? side.udp(port) : ends ? side.fin(port) : side.ack(port));
    if (server != flow->second.server) {
      return "flow " + std::to_string(flow->first) + " of server " + std::to_string(flow->second.server) + " went to " +
             std::to_string(server);
    }
    if (ends) held_.erase(flow);
    return "";
  }

  // What the master had to tell has arrived; then the other one is master.
  void take_over() {
    deliver();
    open(master_, false);
    master_ = 1 - master_;
    open(master_, true);
    now_ += roll(100);
  }
  // Tells its peer nothing more: the fault that the test must see.
  void go_mute() { open(master_, false); }
  void deliver() {
    std::array<core::SyncRecord, 64> records;
    for (unsigned worker = 0; worker < directors_[master_].workers.size(); ++worker) {
      while (const std::size_t count = directors_[master_].workers.outbox(worker).take(records)) {
        for (const core::SyncRecord& record : std::span{records}.first(count)) learn(directors_[1 - master_], record);
      }
    }
  }

  [[nodiscard]] std::uint64_t claimed() {
    std::uint64_t sum = 0;
    for (Director& director : directors_) {
      for (unsigned i = 0; i < director.workers.size(); ++i) {
        sum += director.workers.board().worker(static_cast<core::WorkerIndex>(i)).claimed.get();
      }
    }
    return sum;
  }
  // After the time of every connection: whether nothing is counted any more.
  [[nodiscard]] bool ends_clean() {
    now_ += 1000 * kSecond;
    bool clean = true;
    for (Director& director : directors_) {
      director.workers.maintain(*snapshot_, now_);
      core::StandbyTables& standby = director.workers.standby();
      standby.ipv4.sweep(standby.ipv4.bucket_count(), now_, [](const auto&, const auto&) {});
      standby.ipv6.sweep(standby.ipv6.bucket_count(), now_, [](const auto&, const auto&) {});
      for (int round = 0; round < 20; ++round) director.workers.maintain(*snapshot_, ++now_);
      for (std::uint16_t server = 0; server < 3; ++server) {
        clean &= director.workers.board().load_of(core::ServerId{server}).total() == 0;
      }
    }
    return clean;
  }

 private:
  struct Held {
    bool is_v4;
    bool is_tcp;
    int server;
  };

  unsigned roll(unsigned sides) { return static_cast<unsigned>(random_() % sides); }

  std::string begin() {
    const std::uint32_t flow = next_++;
    const Held held{.is_v4 = roll(2) == 0, .is_tcp = roll(3) != 0, .server = -1};
    const Side& side = held.is_v4 ? ipv4_side() : ipv6_side();
    const auto port = static_cast<std::uint16_t>(flow);
    const int server = send(flow, held.is_tcp ? side.syn(port) : side.udp(port));
    held_[flow] = {held.is_v4, held.is_tcp, server};
    return server >= 0 ? "" : "a new connection was not forwarded";
  }

  int send(std::uint32_t flow, const Bytes& frame) {
    Director& director = directors_[master_];
    const auto out = director.workers.receive(director.worker_of(flow), *snapshot_, now_, frame);
    if (director.workers.outbox(0).is_open()) deliver();
    if (out.size() != 1 || out.front().verdict.action != Action::kForward) return -1;
    return std::to_integer<int>(out.front().bytes.at(5));
  }

  // As the sync thread does.
  void learn(Director& director, const core::SyncRecord& record) {
    const core::StandbyConnection connection{
        .server = record.server, .state = record.state, .expires = now_ + record.timeout_seconds * core::kTicksPerSecond};
    core::StandbyTables& standby = director.workers.standby();
    if (record.client.is_v4()) {
      standby.ipv4.put({record.client.v4(), record.client_port, record.virtual_id}, connection, now_);
    } else {
      standby.ipv6.put({record.client.v6(), record.client_port, record.virtual_id}, connection, now_);
    }
  }

  void open(std::size_t director, bool is_open) {
    for (unsigned i = 0; i < directors_[director].workers.size(); ++i) {
      core::SyncOutbox& outbox = directors_[director].workers.outbox(i);
      is_open ? outbox.open() : outbox.close();
    }
  }

  std::mt19937_64 random_;
  std::array<Director, 2> directors_;
  std::size_t master_ = 0;
  std::unique_ptr<const core::Snapshot> snapshot_ = snapshot_of(three_servers(), 1);
  core::Tick now_ = static_cast<core::Tick>(0) - 100 * kSecond;
  std::uint32_t next_ = 1001;
  std::map<std::uint32_t, Held> held_;  // by flow, which is the client's port
};

TEST(Takeover, NoConnectionMovesOrIsLost) {
  Pair pair{seed()};
  for (int step = 0; step < 30'000; ++step) {
    if (step % 777 == 0) pair.take_over();
    const std::string complaint = pair.step();
    ASSERT_EQ(complaint, "") << "step " << step << ", PENSTOCK_TEST_SEED=" << seed();
  }
  EXPECT_GT(pair.claimed(), 500U);
  EXPECT_TRUE(pair.ends_clean());
}

TEST(Takeover, TheTestSeesADirectorThatTellsNothing) {
  Pair pair{seed()};
  for (int step = 0; step < 2000; ++step) ASSERT_EQ(pair.step(), "") << "PENSTOCK_TEST_SEED=" << seed();
  pair.go_mute();
  for (int step = 0; step < 2000; ++step) ASSERT_EQ(pair.step(), "") << "PENSTOCK_TEST_SEED=" << seed();
  pair.take_over();
  bool seen = false;
  for (int step = 0; step < 2000 && !seen; ++step) seen = !pair.step().empty();
  EXPECT_TRUE(seen) << "PENSTOCK_TEST_SEED=" << seed();
}

}  // namespace
}  // namespace penstock::test
