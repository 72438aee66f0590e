// Listings over real forwarders, whose "worker" is this thread: it calls maintain() between the loop's turns.
#include "control/daemon/connection_cursor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "control/sync/directory.h"
#include "tests/support/packet_builder.h"

namespace penstock::control {
namespace {

using packet::IpAddress;
using test::PacketBuilder;

class ConnectionDeskTest : public testing::Test {
 protected:
  ConnectionDeskTest() {
    director_.add_port("eth0", 0, test::kDirectorMac);
    const packet::Endpoint server{IpAddress::parse("10.0.0.1").value(), 80};
    const Director::Wanted web{.key = {{IpAddress::parse("10.0.0.200").value(), 80}, packet::Protocol::kTcp},
                               .scheduler = config::Scheduler::kRoundRobin,
                               .rows = {{.endpoint = server}},
                               .named = {server}};
    EXPECT_TRUE(director_.apply(std::vector{web}).has_value());
    NextHop hop;
    hop.state = NextHop::State::kResolved;
    hop.interface_name = "eth0";
    hop.mac = test::mac("02:00:00:00:01:01");
    director_.set_next_hop(IpAddress::parse("10.0.0.1").value(), hop);
    snapshot_ = director_.build_snapshot();
    for (core::WorkerIndex i = 0; i < 2; ++i) {
      forwarders_.push_back(std::make_unique<core::Forwarder>(
          board_, core::Forwarder::Options{.self = i, .connections4 = 4000, .connections6 = 100}));
    }
    desk_ = std::make_unique<ConnectionDesk>(loop_, director_, std::vector{forwarders_[0].get(), forwarders_[1].get()},
                                             standby_, [this] { return now_; });
  }

  // As the sync thread does: a connection of 10.0.0.9 that has `seconds` left.
  void learn(std::uint16_t port, std::uint32_t seconds, core::ConnectionState state = core::ConnectionState::kEstablished,
             bool only_if_absent = false) {
    const SyncDirectory directory{director_, {}};
    const auto service = directory.find_service({IpAddress::parse("10.0.0.200").value(), 80}, packet::Protocol::kTcp).value();
    const auto server = directory.find_server(service, {IpAddress::parse("10.0.0.1").value(), 80}).value();
    standby_.ipv4.put(
        {IpAddress::parse("10.0.0.9").value().v4(), port, service},
        {.server = server, .state = state, .only_if_absent = only_if_absent, .expires = now_ + seconds * core::kTicksPerSecond},
        now_);
  }

  void open_connections(core::WorkerIndex worker, unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      auto bytes = PacketBuilder{}
                       .ipv4("10.0.0.9", "10.0.0.200")
                       .tcp(static_cast<std::uint16_t>(1024 + i), 80, packet::tcp_flag::kSyn)
                       .build();
      core::Frame frame;
      frame.data = bytes.data();
      frame.length = frame.capacity = static_cast<std::uint16_t>(bytes.size());
      frame.packet_length = static_cast<std::uint32_t>(bytes.size());
      core::Verdict verdict;
      forwarders_[worker]->process(*snapshot_, 0, {&frame, 1}, {&verdict, 1});
      ASSERT_EQ(verdict.action, core::Action::kForward);
    }
  }

  void turn() {
    for (const auto& forwarder : forwarders_) forwarder->maintain(*snapshot_, 0);
    loop_.run_once();
  }
  // All rows of one walk.
  std::vector<ConnectionStatus> walk(ConnectionCursor& cursor) {
    std::vector<ConnectionStatus> rows;
    bool last = false;
    while (!last) {
      bool answered = false;
      cursor.next([&](ConnectionBatch batch) {
        answered = true;
        last = batch.last;
        rows.insert(rows.end(), batch.rows.begin(), batch.rows.end());
      });
      for (int i = 0; i < 10'000 && !answered; ++i) turn();
      if (!answered) ADD_FAILURE() << "no batch came";
      if (!answered) return rows;
    }
    return rows;
  }

  core::CounterBoard board_{2};
  core::Tick now_ = 0xffff'ff00;  // wraps soon
  core::Ownership ownership_;
  Director director_{board_, ownership_};
  std::unique_ptr<const core::Snapshot> snapshot_;
  core::StandbyTables standby_{100'000, 100, board_.standby()};
  std::vector<std::unique_ptr<core::Forwarder>> forwarders_;
  EventLoop loop_;
  std::unique_ptr<ConnectionDesk> desk_;
};

TEST_F(ConnectionDeskTest, ListsTheConnectionsOfAllWorkersOnce) {
  open_connections(0, 2500);
  open_connections(1, 3);
  const auto cursor = desk_->open();
  const auto rows = walk(*cursor);
  EXPECT_EQ(rows.size(), 2503U);
  EXPECT_EQ(std::ranges::count(rows, 1, &ConnectionStatus::worker), 3);
  EXPECT_EQ(rows[0].state, "SYN_RECV");
  EXPECT_EQ(rows[0].virtual_service.to_string(), "10.0.0.200:80");
  EXPECT_EQ(rows[0].destination.to_string(), "10.0.0.1:80");
}

TEST_F(ConnectionDeskTest, EndsAtOnceWhenThereAreNone) {
  const auto cursor = desk_->open();
  EXPECT_TRUE(walk(*cursor).empty());
}

TEST_F(ConnectionDeskTest, ServesASecondAskerAfterTheFirst) {
  open_connections(0, 10);
  auto first = desk_->open();
  auto second = desk_->open();
  bool second_answered = false;
  second->next([&](const ConnectionBatch&) { second_answered = true; });
  EXPECT_EQ(walk(*first).size(), 10U);
  EXPECT_FALSE(second_answered);
  first.reset();
  for (int i = 0; i < 10'000 && !second_answered; ++i) turn();
  EXPECT_TRUE(second_answered);
}

TEST_F(ConnectionDeskTest, SurvivesAnAskerWhoLeavesInTheMiddle) {
  open_connections(0, 2500);
  {
    const auto impatient = desk_->open();
    impatient->next([](const ConnectionBatch&) { FAIL() << "delivered to one who has left"; });
    loop_.run_once();  // the worker is asked
  }
  const auto cursor = desk_->open();
  EXPECT_EQ(walk(*cursor).size(), 2500U);
}

TEST_F(ConnectionDeskTest, ListsWhatWaitsForATakeoverAtTheEnd) {
  open_connections(1, 2);
  for (std::uint16_t i = 0; i < 3000; ++i) learn(static_cast<std::uint16_t>(10'000 + i), 70);
  now_ += 10 * core::kTicksPerSecond;
  const auto cursor = desk_->open();
  const auto rows = walk(*cursor);
  ASSERT_EQ(rows.size(), 3002U);
  EXPECT_EQ(std::ranges::count(rows, 1, &ConnectionStatus::worker), 2);
  EXPECT_EQ(std::ranges::count_if(rows, [](const ConnectionStatus& row) { return !row.worker; }), 3000);
  EXPECT_EQ(rows.back().state, "ESTABLISHED");
  EXPECT_EQ(rows.back().expires_in, 60U);
  EXPECT_EQ(rows.back().source.address.to_string(), "10.0.0.9");
  EXPECT_EQ(rows.back().virtual_service.to_string(), "10.0.0.200:80");
  EXPECT_EQ(rows.back().destination.to_string(), "10.0.0.1:80");
  EXPECT_EQ(standby_.ipv4.unclaimed(), 3000U) << "a listing takes nothing";
}

TEST_F(ConnectionDeskTest, LeavesOutWhatIsPastItsTime) {
  learn(10'000, 5);
  learn(10'001, 500);
  now_ += 5 * core::kTicksPerSecond;
  const auto cursor = desk_->open();
  const auto rows = walk(*cursor);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].source.port, 10'001);
}

TEST_F(ConnectionDeskTest, ListsWhatThePeerWentOnWithAsThePeerTellsIt) {
  open_connections(0, 2);
  learn(1024, 60, core::ConnectionState::kFinWait);
  const auto cursor = desk_->open();
  const auto rows = walk(*cursor);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].source.port, 1025);
  EXPECT_EQ(rows[1].source.port, 1024);
  EXPECT_EQ(rows[1].state, "FIN_WAIT");
}

TEST_F(ConnectionDeskTest, ListsAWorkersConnectionOfADumpAsTheWorkerHasIt) {
  open_connections(0, 1);
  learn(1024, 60, core::ConnectionState::kEstablished, true);
  learn(1025, 60, core::ConnectionState::kEstablished, true);
  const auto cursor = desk_->open();
  const auto rows = walk(*cursor);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].state, "SYN_RECV");
  EXPECT_EQ(rows[0].source.port, 1024);
  EXPECT_EQ(rows[1].source.port, 1025);
}

}  // namespace
}  // namespace penstock::control
