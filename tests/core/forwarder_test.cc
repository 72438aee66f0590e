// What rows can't say of the forwarder: its counters, whole bursts, sweeping, and flows without a connection.
#include "dataplane/core/forwarder.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "tests/core/test_worker.h"
#include "tests/support/rows_words.h"

namespace penstock::test {
namespace {

using core::Action;
using core::ServerId;

class ForwarderTest : public testing::Test {
 protected:
  explicit ForwarderTest(std::size_t connections = 1000)
      : worker_{board_, {.connections4 = connections, .connections6 = connections}} {}

  Handled send(const Bytes& frame) { return worker_.receive(*snapshot_, now_, {.bytes = frame}).front(); }
  void pass(core::Tick ticks) {
    for (; ticks > 0; --ticks) static_cast<void>(worker_.maintain(*snapshot_, ++now_));
  }
  [[nodiscard]] const core::WorkerCounters& counters() const { return board_.worker(0); }
  [[nodiscard]] const core::ServerCounters& server(unsigned id) const {
    return board_.server(0, ServerId{static_cast<std::uint16_t>(id)});
  }

  core::CounterBoard board_{1};
  TestWorker worker_;
  std::unique_ptr<const core::Snapshot> snapshot_ = snapshot_of(three_servers(), 1);
  core::Tick now_ = 0;
  const Side& v4_ = ipv4_side();
  const Side& v6_ = ipv6_side();
};

TEST_F(ForwarderTest, CountsConnectionsPacketsAndBytesOfEachServer) {
  const Bytes syn = v4_.syn();
  send(syn);
  send(v4_.packet().tcp(1000, kHttp).payload(100).pad_to(300).build());  // padding is no part of the IP packet
  EXPECT_EQ(server(2).connections.get(), 1U);
  EXPECT_EQ(server(2).packets.get(), 2U);
  EXPECT_EQ(server(2).bytes.get(), syn.size() - 14 + 140);
  EXPECT_EQ(server(2).active.get(), 1U);
  EXPECT_EQ(server(2).inactive.get(), 0U);
  send(v6_.udp());
  EXPECT_EQ(server(2).inactive.get(), 1U);
  pass(1);
  EXPECT_EQ(counters().connections4.get(), 1U);
  EXPECT_EQ(counters().connections6.get(), 1U);
  EXPECT_EQ(counters().actions[static_cast<std::size_t>(Action::kForward)].get(), 3U);
}

TEST_F(ForwarderTest, AConnectionIsActiveUntilItsFin) {
  send(v4_.syn());
  send(v4_.ack());
  EXPECT_EQ(server(2).active.get(), 1U);
  send(v4_.fin());
  EXPECT_EQ(server(2).active.get(), 0U);
  EXPECT_EQ(server(2).inactive.get(), 1U);
  pass(121 * kSecond);
  EXPECT_EQ(server(2).inactive.get(), 0U);
  EXPECT_EQ(counters().connections4.get(), 0U);
  EXPECT_EQ(server(2).connections.get(), 1U);  // a total
}

// A table of fewer buckets than there are ticks in a second was never swept: its connections stayed counted for ever.
TEST_F(ForwarderTest, SmallTablesAreSweptTickByTick) {
  core::CounterBoard board{1};
  TestWorker small{board, {.connections4 = 20, .connections6 = 20}};
  static_cast<void>(small.receive(*snapshot_, 0, {.bytes = v4_.udp()}));
  static_cast<void>(small.receive(*snapshot_, 0, {.bytes = v6_.udp()}));
  for (core::Tick tick = 1; tick < 302 * kSecond; ++tick) static_cast<void>(small.maintain(*snapshot_, tick));
  EXPECT_EQ(board.worker(0).connections4.get(), 0U);
  EXPECT_EQ(board.worker(0).connections6.get(), 0U);
  EXPECT_EQ(board.load_of(ServerId{2}).total(), 0U);
}

// Also when the worker comes round only once a second.
TEST_F(ForwarderTest, ALargeTableIsSweptInSmallParts) {
  core::CounterBoard board{1};
  TestWorker large{board, {.connections4 = 100'000, .connections6 = 10}};
  for (std::uint16_t port = 1001; port <= 3000; ++port)
    static_cast<void>(large.receive(*snapshot_, 0, {.bytes = v4_.udp(port)}));
  static_cast<void>(large.maintain(*snapshot_, 1));
  ASSERT_EQ(board.worker(0).connections4.get(), 2000U);
  static_cast<void>(large.maintain(*snapshot_, 301 * kSecond));
  EXPECT_GT(board.worker(0).connections4.get(), 1900U);  // one call does a bounded part
  for (int i = 0; i < 1000; ++i) static_cast<void>(large.maintain(*snapshot_, 301 * kSecond));
  EXPECT_EQ(board.worker(0).connections4.get(), 0U);
}

TEST_F(ForwarderTest, ABurstIsAsItsFramesOneByOne) {
  std::vector<TestWorker::Input> burst;
  for (std::uint16_t i = 0; i < core::kBurst; ++i) {
    const Side& side = i % 2 == 0 ? v4_ : v6_;
    burst.push_back({.bytes = i % 5 == 4 ? side.ack(9999) : side.syn(static_cast<std::uint16_t>(1 + i % 7)), .tag = i});
  }
  core::CounterBoard board{1};
  TestWorker alone{board, {.connections4 = 1000, .connections6 = 1000}};
  const auto together = worker_.receive(*snapshot_, now_, burst);
  ASSERT_EQ(together.size(), burst.size());
  for (std::size_t i = 0; i < burst.size(); ++i) {
    const Handled single = alone.receive(*snapshot_, now_, burst[i]).front();
    EXPECT_EQ(together[i].verdict.action, single.verdict.action) << i;
    EXPECT_EQ(to_hex(together[i].bytes), to_hex(single.bytes)) << i;
  }
}

TEST_F(ForwarderTest, AnEmptyBurstIsNothing) {
  EXPECT_TRUE(worker_.receive(*snapshot_, now_, std::span<const TestWorker::Input>{}).empty());
}

class FullForwarderTest : public ForwarderTest {
 protected:
  FullForwarderTest() : ForwarderTest{1} {
    for (std::uint16_t port = 1; port <= 8; ++port) send(v4_.syn(port));
  }
};

TEST_F(ForwarderTest, WithoutAConnectionAFlowHasOneServerAndFlowsHaveAll) {
  core::CounterBoard board{1};
  TestWorker full{board, {.connections4 = 100, .connections6 = 100}};
  const auto server_at = [&](const Bytes& frame) {
    return std::to_integer<int>(full.receive(*snapshot_, now_, {.bytes = frame}).front().bytes.at(5));
  };
  for (std::uint16_t port = 1001; port <= 4000; ++port) server_at(v4_.syn(port));
  static_cast<void>(full.maintain(*snapshot_, now_));
  const std::uint64_t connections = board.worker(0).connections4.get();
  EXPECT_GE(connections, 100U);
  const std::uint64_t before = board.worker(0).stateless.get();
  std::set<int> servers;
  for (std::uint16_t port = 5000; port < 5100; ++port) {
    const int server = server_at(v4_.syn(port));
    servers.insert(server);
    for (int again = 0; again < 3; ++again) EXPECT_EQ(server_at(v4_.ack(port)), server);
    EXPECT_EQ(server_at(v4_.syn(port)), server);
  }
  EXPECT_EQ(servers, (std::set{0, 1, 2}));
  EXPECT_EQ(board.worker(0).stateless.get() - before, 500U);
  static_cast<void>(full.maintain(*snapshot_, now_));
  EXPECT_EQ(board.worker(0).connections4.get(), connections);
  EXPECT_EQ(board.worker(0).evicted.get(), 0U);
}

// Three servers by mh, any packet may begin a connection: for setups that prefer no connection sync.
Situation maglev_servers() {
  Situation situation = with_sloppy_tcp(three_servers());
  for (RowService& service : situation.services) {
    service.scheduler = core::SchedulerKind::kMaglev;
    service.maglev_flags = {.port = true, .fallback = true};
  }
  return situation;
}

int forwarded_to(const Handled& outcome) {
  EXPECT_EQ(outcome.verdict.action, Action::kForward);
  return std::to_integer<int>(outcome.bytes.at(5));
}

TEST_F(ForwarderTest, ADirectorThatTakesOverWithMhSendsEachFlowOnToItsServer) {
  snapshot_ = snapshot_of(maglev_servers(), 1);
  core::CounterBoard board{1};
  TestWorker successor{board, {.connections4 = 5000, .connections6 = 5000}};
  const auto its_snapshot = snapshot_of(maglev_servers(), 7);
  std::set<int> used;
  for (const Side* side : both_sides()) {
    for (std::uint16_t port = 1000; port < 1300; ++port) {
      const int tcp = forwarded_to(send(side->syn(port)));
      const int udp = forwarded_to(send(side->udp(port)));
      used.insert(tcp);
      const auto after = [&](const Bytes& frame) {
        return forwarded_to(successor.receive(*its_snapshot, 500, {.bytes = frame}).front());
      };
      EXPECT_EQ(after(port % 2 == 0 ? side->ack(port) : side->fin(port)), tcp);
      EXPECT_EQ(after(side->ack(port)), tcp);
      EXPECT_EQ(after(side->udp(port)), udp);
    }
  }
  EXPECT_EQ(used, (std::set{0, 1, 2}));
  static_cast<void>(successor.maintain(*its_snapshot, 500));
  EXPECT_EQ(board.worker(0).connections4.get(), 600U);
  EXPECT_EQ(board.worker(0).connections6.get(), 600U);
}

TEST_F(ForwarderTest, WithoutRoomForAConnectionAnMhFlowHasTheServerThatItWouldHaveWithOne) {
  snapshot_ = snapshot_of(maglev_servers(), 1);
  core::CounterBoard board{1};
  TestWorker full{board, {.connections4 = 100, .connections6 = 100}};
  for (std::uint16_t port = 1001; port <= 4000; ++port) {
    const Bytes ack = v4_.ack(port);
    EXPECT_EQ(forwarded_to(full.receive(*snapshot_, now_, {.bytes = ack}).front()), forwarded_to(send(ack)));
  }
  EXPECT_GT(board.worker(0).stateless.get(), 2000U);
}

TEST_F(FullForwarderTest, WhatGivesWayIsCounted) {
  send(v4_.rst(1));
  send(v4_.ack(2));
  send(v4_.rst(2));
  send(v4_.syn(100));
  EXPECT_EQ(counters().evicted.get(), 1U);
  EXPECT_EQ(counters().stateless.get(), 0U);
  pass(1);
  EXPECT_EQ(counters().connections4.get(), 8U);
  std::uint64_t total = 0;
  for (std::uint16_t id = 0; id < 3; ++id) total += board_.load_of(ServerId{id}).total();
  EXPECT_EQ(total, 8U);
}

// A SYN flood that goes on: whoever connects meanwhile has a connection again after three seconds.
TEST_F(FullForwarderTest, WhoNeverAnsweredGivesWayToWhoComes) {
  for (std::uint16_t port = 1; port <= 4; ++port) send(v4_.ack(port));
  send(v4_.syn(100));
  EXPECT_EQ(counters().stateless.get(), 1U);
  now_ += 3 * kSecond;
  for (std::uint16_t port = 101; port <= 104; ++port) send(v4_.syn(port));
  EXPECT_EQ(counters().evicted.get(), 4U);
  EXPECT_EQ(counters().stateless.get(), 1U);
  send(v4_.syn(105));
  EXPECT_EQ(counters().stateless.get(), 2U);
  pass(1);
  EXPECT_EQ(counters().connections4.get(), 8U);
}

TEST_F(ForwarderTest, CountsReuseFragmentsAndErrors) {
  send(v4_.syn());
  send(v4_.ack());
  send(v4_.rst());
  send(v4_.syn());
  EXPECT_EQ(counters().rescheduled.get(), 1U);
  send(v4_.packet().fragment(0, true, 1).udp(1000, kDomain).payload(64).build());
  EXPECT_EQ(counters().fragments.get(), 1U);
  send(v4_.from(v4_.router).icmp_error(3, 1, 0, v4_.answer()).build());
  EXPECT_EQ(counters().related_icmp.get(), 1U);
  send(v4_.packet().bad_ip_checksum().udp(1, 2).build());
  EXPECT_EQ(counters().drops[static_cast<std::size_t>(packet::DropReason::kIpv4BadChecksum)].get(), 1U);
  send(v4_.ack(4000));
  EXPECT_EQ(counters().punts[static_cast<std::size_t>(core::PuntClass::kOther)].get(), 1U);
  worker_.forwarder().on_drop(packet::DropReason::kTxQueueFull);
  EXPECT_EQ(counters().drops[static_cast<std::size_t>(packet::DropReason::kTxQueueFull)].get(), 1U);
}

}  // namespace
}  // namespace penstock::test
