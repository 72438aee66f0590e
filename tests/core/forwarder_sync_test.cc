// Connection sync as a worker does it: what it tells of, and how what was learned comes to life.
#include <gtest/gtest.h>

#include <array>
#include <optional>

#include "tests/core/worker_group.h"
#include "tests/support/fragments.h"
#include "tests/support/rows_words.h"

namespace penstock::test {
namespace {

using core::Action;
using core::ConnectionState;
using core::ServerId;
using packet::DropReason;

class ForwarderSync : public testing::TestWithParam<const Side*> {
 protected:
  Handled send(unsigned worker, const Bytes& frame) {
    auto out = group_.receive(static_cast<core::WorkerIndex>(worker), *snapshot_, now_, frame);
    EXPECT_EQ(out.size(), 1U);
    return out.empty() ? Handled{} : out.front();
  }
  // The server to which a frame goes; none: it isn't forwarded.
  std::optional<int> server_for(unsigned worker, const Bytes& frame) {
    const Handled handled = send(worker, frame);
    if (handled.verdict.action != Action::kForward) return std::nullopt;
    return std::to_integer<int>(handled.bytes.at(5));
  }
  void change(const Situation& situation) { snapshot_ = snapshot_of(situation, ++generation_); }
  void pass(core::Tick ticks) {
    now_ += ticks;
    for (int round = 0; round < 3; ++round) group_.maintain(*snapshot_, now_);  // as often as the whole table needs
  }

  // The peer has told of a connection of the side's client, which lasts 100 s from now.
  void learn(std::uint16_t port, unsigned server, ConnectionState state, bool only_if_absent = false) {
    const core::StandbyConnection connection{.server = ServerId{static_cast<std::uint16_t>(server)},
                                             .state = state,
                                             .only_if_absent = only_if_absent,
                                             .expires = now_ + 100 * kSecond};
    const core::VirtualId id = virtual_id(state == ConnectionState::kUdp);
    const packet::IpAddress client = packet::IpAddress::parse(side_.client).value();
    if (side_.is_v4) {
      group_.standby().ipv4.put({client.v4(), port, id}, connection, now_);
    } else {
      group_.standby().ipv6.put({client.v6(), port, id}, connection, now_);
    }
  }
  [[nodiscard]] core::VirtualId virtual_id(bool is_udp) const {
    return core::VirtualId{static_cast<std::uint16_t>((side_.is_v4 ? 1 : 3) + (is_udp ? 1 : 0))};
  }
  [[nodiscard]] bool any_unclaimed() { return group_.standby().any_unclaimed(); }
  [[nodiscard]] std::uint64_t claimed(unsigned worker) { return counters(worker).claimed.get(); }
  [[nodiscard]] const core::WorkerCounters& counters(unsigned worker) {
    return group_.board().worker(static_cast<core::WorkerIndex>(worker));
  }
  [[nodiscard]] std::pair<std::uint64_t, std::uint64_t> load(unsigned server) {
    const auto of = group_.board().load_of(ServerId{static_cast<std::uint16_t>(server)});
    return {of.active, of.inactive};
  }
  std::vector<core::SyncRecord> told(unsigned worker) {
    std::vector<core::SyncRecord> records(100);
    records.resize(group_.outbox(worker).take(records));
    return records;
  }

  using Load = std::pair<std::uint64_t, std::uint64_t>;
  const Side& side_ = *GetParam();
  WorkerGroup group_{2};
  std::uint32_t generation_ = 1;
  std::unique_ptr<const core::Snapshot> snapshot_ = snapshot_of(three_servers(), 1);
  core::Tick now_ = static_cast<core::Tick>(0) - 5 * kSecond;
};

INSTANTIATE_TEST_SUITE_P(All, ForwarderSync, testing::Values(&ipv4_side(), &ipv6_side()),
                         [](const testing::TestParamInfo<const Side*>& each) { return each.param->name; });

TEST_P(ForwarderSync, ALearnedConnectionGoesOnAtTheWorkerThatGetsIt) {
  learn(1000, 1, ConnectionState::kEstablished);
  EXPECT_EQ(load(1), (Load{1, 0}));
  EXPECT_EQ(server_for(1, side_.ack()), 1);
  EXPECT_FALSE(any_unclaimed());
  EXPECT_EQ(claimed(1), 1U);
  EXPECT_EQ(load(1), (Load{1, 0}));
  EXPECT_EQ(group_.board().server(1, ServerId{1}).connections.get(), 0U);  // it began at the peer
  EXPECT_EQ(group_.board().server(1, ServerId{1}).packets.get(), 1U);
  EXPECT_EQ(server_for(1, side_.fin()), 1);
  EXPECT_EQ(load(1), (Load{0, 1}));
  EXPECT_EQ(claimed(1), 1U);
  pass(121 * kSecond);
  EXPECT_EQ(load(1), (Load{0, 0}));
  EXPECT_EQ(server_for(0, side_.ack()), std::nullopt);
}

TEST_P(ForwarderSync, AUdpConnectionTooAndByItsFirstFragment) {
  learn(1000, 1, ConnectionState::kUdp);
  learn(2000, 0, ConnectionState::kUdp);
  EXPECT_EQ(server_for(0, side_.udp(1000)), 1);
  const auto fragments = fragments_of(side_.packet().udp(2000, kDomain).payload(203).build(), 64, 7);
  for (unsigned i = 0; i < fragments.size(); ++i) EXPECT_EQ(server_for(i % 2, fragments[i]), 0) << i;
  EXPECT_EQ(load(0), (Load{0, 1}));
  EXPECT_EQ(load(1), (Load{0, 1}));
  EXPECT_FALSE(any_unclaimed());
}

TEST_P(ForwarderSync, WhatIsNotItsConnectionIsNotClaimed) {
  learn(1000, 1, ConnectionState::kEstablished);
  EXPECT_EQ(server_for(0, side_.ack(1001)), std::nullopt);
  EXPECT_EQ(server_for(0, side_.udp(1000)), 2);
  EXPECT_TRUE(any_unclaimed());
  pass(100 * kSecond);
  EXPECT_EQ(server_for(0, side_.ack(1000)), std::nullopt);  // its time is up
  EXPECT_EQ(claimed(0), 0U);
}

TEST_P(ForwarderSync, ASynReschedulesALearnedConnectionThatHasEnded) {
  learn(1000, 1, ConnectionState::kClose);
  learn(1001, 1, ConnectionState::kTimeWait);
  learn(1002, 1, ConnectionState::kFinWait);
  EXPECT_EQ(server_for(0, side_.syn(1000)), 2);
  EXPECT_EQ(server_for(0, side_.syn(1001)), 1);  // round robin's turn
  EXPECT_EQ(server_for(0, side_.syn(1002)), 1);  // it keeps its server
  EXPECT_EQ(counters(0).rescheduled.get(), 2U);
  EXPECT_EQ(group_.board().server(0, ServerId{1}).connections.get(), 1U);
}

TEST_P(ForwarderSync, ALearnedConnectionOfARemovedServerIsDroppedUntilItComesBack) {
  learn(1000, 1, ConnectionState::kEstablished);
  change(without_server(three_servers(), 1));
  EXPECT_EQ(send(0, side_.ack()).verdict.reason, DropReason::kServerRemoved);
  change(three_servers());
  EXPECT_EQ(server_for(0, side_.ack()), 1);
}

// As control never does: a server is in the workers' snapshot before a connection to it is put in.
TEST_P(ForwarderSync, AServerThatTheSnapshotDoesNotKnowIsNobody) {
  learn(1000, 60'000, ConnectionState::kEstablished);
  learn(1001, 60'000, ConnectionState::kEstablished);
  const Bytes error = side_.from(side_.router).icmp_error(side_.icmp_unreachable, 1, 0, side_.answer(1001)).build();
  EXPECT_EQ(send(0, error).verdict.action, Action::kPunt);
  EXPECT_EQ(send(0, side_.ack()).verdict.action, Action::kPunt);
  EXPECT_EQ(server_for(0, side_.syn(1001)), 2);
  EXPECT_EQ(load(60'000), (Load{0, 0}));
}

// We were master, the peer was, we are again.
TEST_P(ForwarderSync, ThePeersNewerStateOverridesOurs) {
  EXPECT_EQ(server_for(0, side_.syn()), 2);
  EXPECT_EQ(server_for(0, side_.ack()), 2);
  learn(1000, 1, ConnectionState::kEstablished);
  EXPECT_EQ(server_for(0, side_.ack()), 2);  // in the tick of its last packet: nobody else had it since
  EXPECT_TRUE(any_unclaimed());
  EXPECT_EQ(load(2), (Load{1, 0}));
  pass(1);
  EXPECT_EQ(server_for(0, side_.ack()), 1);
  EXPECT_FALSE(any_unclaimed());
  EXPECT_EQ(load(1), (Load{1, 0}));
  EXPECT_EQ(load(2), (Load{0, 0}));
  EXPECT_EQ(claimed(0), 1U);
  learn(1000, 1, ConnectionState::kClose);
  pass(1);
  EXPECT_EQ(server_for(0, side_.syn()), 1);  // rescheduled: round robin is at 1
  EXPECT_EQ(counters(0).rescheduled.get(), 1U);
  EXPECT_EQ(load(1), (Load{1, 0}));
}

TEST_P(ForwarderSync, WhatADumpSaysDoesNotOverrideOurs) {
  EXPECT_EQ(server_for(0, side_.syn()), 2);
  learn(1000, 1, ConnectionState::kEstablished, true);
  learn(1001, 1, ConnectionState::kEstablished, true);
  pass(1);
  EXPECT_EQ(server_for(0, side_.ack()), 2);
  EXPECT_EQ(server_for(0, side_.ack(1001)), 1);  // of a connection that we don't have it is all that is known
  EXPECT_FALSE(any_unclaimed());
  EXPECT_EQ(load(1), (Load{1, 0}));
  EXPECT_EQ(load(2), (Load{1, 0}));
}

TEST_P(ForwarderSync, AnIcmpErrorReachesTheServerOfALearnedConnection) {
  learn(1000, 1, ConnectionState::kEstablished);
  const Bytes error = side_.from(side_.router).icmp_error(side_.icmp_unreachable, 1, 0, side_.answer()).build();
  for (unsigned worker = 0; worker < 2; ++worker) EXPECT_EQ(server_for(worker, error), 1);
  EXPECT_TRUE(any_unclaimed());
  EXPECT_EQ(server_for(1, side_.ack()), 1);
  for (unsigned worker = 0; worker < 2; ++worker) EXPECT_EQ(server_for(worker, error), 1);
}

TEST_P(ForwarderSync, InATableFullOfActiveConnectionsTheFlowGoesByItsHash) {
  core::CounterBoard board{1};
  core::StandbyTables standby{10, 10, board.standby()};
  TestWorker full{board, {.connections4 = 1, .connections6 = 1, .standby = &standby}};
  const auto handle = [&](const Bytes& frame) { return full.receive(*snapshot_, now_, {.bytes = frame}).front(); };
  for (std::uint16_t port = 1; port <= 8; ++port) handle(side_.syn(port));
  const packet::IpAddress client = packet::IpAddress::parse(side_.client).value();
  const core::StandbyConnection known{.server = ServerId{1}, .state = ConnectionState::kEstablished, .expires = now_ + 10};
  if (side_.is_v4) {
    standby.ipv4.put({client.v4(), 1000, virtual_id(false)}, known, now_);
  } else {
    standby.ipv6.put({client.v6(), 1000, virtual_id(false)}, known, now_);
  }
  const std::uint64_t before = board.worker(0).stateless.get();
  EXPECT_EQ(handle(side_.ack()).verdict.action, Action::kForward);
  EXPECT_EQ(board.worker(0).stateless.get(), before + 1);
  EXPECT_EQ(board.load_of(ServerId{1}).total() + board.load_of(ServerId{0}).total() + board.load_of(ServerId{2}).total(),
            side_.is_v4 ? 8U : 4U);
}

TEST_P(ForwarderSync, TellsOfAConnectionWithAllThatThePeerMustKnow) {
  group_.outbox(1).open();
  send(1, side_.syn());
  auto records = told(1);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].client.to_string(), side_.client);
  EXPECT_EQ(records[0].client_port, 1000);
  EXPECT_EQ(records[0].virtual_id, virtual_id(false));
  EXPECT_EQ(records[0].server, ServerId{2});
  EXPECT_EQ(records[0].state, ConnectionState::kSynReceived);
  EXPECT_EQ(records[0].timeout_seconds, 60U);
  for (int i = 0; i < 10; ++i) send(1, side_.ack());
  records = told(1);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].state, ConnectionState::kEstablished);
  EXPECT_EQ(records[0].timeout_seconds, 900U);
  send(1, side_.fin());
  records = told(1);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].state, ConnectionState::kFinWait);
  send(1, side_.udp(7));
  records = told(1);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].virtual_id, virtual_id(true));
  EXPECT_EQ(records[0].state, ConnectionState::kUdp);
  EXPECT_EQ(records[0].timeout_seconds, 300U);
  EXPECT_EQ(counters(1).synced_out.get(), 4U);
  EXPECT_EQ(counters(1).sync_lost.get(), 0U);
  EXPECT_TRUE(told(0).empty());
}

TEST_P(ForwarderSync, TellsNothingWhileTheOutboxIsClosed) {
  send(0, side_.syn());
  send(0, side_.fin());
  EXPECT_TRUE(told(0).empty());
  group_.outbox(0).open();
  send(0, side_.rst());
  EXPECT_EQ(told(0).size(), 1U);
  group_.outbox(0).close();
  send(0, side_.syn());
  EXPECT_TRUE(told(0).empty());
  EXPECT_EQ(counters(0).synced_out.get(), 1U);
}

TEST_P(ForwarderSync, WhatAFullOutboxRefusesIsCountedAndToldLater) {
  group_.outbox(0).open();
  for (std::uint16_t port = 1001; port <= 1064; ++port) send(0, side_.syn(port));
  EXPECT_EQ(counters(0).sync_lost.get(), 0U);
  EXPECT_EQ(server_for(0, side_.syn()), 1);  // forwarded all the same: 64 connections before it, round robin over three
  EXPECT_EQ(server_for(0, side_.syn()), 1);
  EXPECT_EQ(counters(0).sync_lost.get(), 2U);
  EXPECT_EQ(told(0).size(), 64U);
  EXPECT_EQ(server_for(0, side_.syn()), 1);
  const auto records = told(0);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].client_port, 1000);
  EXPECT_EQ(counters(0).synced_out.get(), 65U);
}

TEST_P(ForwarderSync, WhatWasLearnedIsNotToldBackUntilItChanges) {
  group_.outbox(0).open();
  learn(1000, 1, ConnectionState::kEstablished);
  for (int i = 0; i < 49; ++i) send(0, side_.ack());
  EXPECT_TRUE(told(0).empty());
  send(0, side_.ack());
  EXPECT_EQ(told(0).size(), 1U);
  send(0, side_.fin());
  EXPECT_EQ(told(0).size(), 1U);
}

// It may have been where the dump has passed already, and is no longer where the dump is to come.
TEST_P(ForwarderSync, WhatIsClaimedDuringADumpIsTold) {
  group_.outbox(0).open();
  group_.outbox(0).want_claimed(true);
  learn(1000, 1, ConnectionState::kEstablished);
  EXPECT_EQ(server_for(0, side_.ack()), 1);
  const auto claimed = told(0);
  ASSERT_EQ(claimed.size(), 1U);
  EXPECT_EQ(claimed[0].server, ServerId{1});
  EXPECT_EQ(server_for(0, side_.ack()), 1);
  EXPECT_EQ(told(0).size(), 0U);

  // The same for an old connection that went on at the peer.
  pass(kSecond);
  learn(1000, 2, ConnectionState::kEstablished);
  EXPECT_EQ(server_for(0, side_.ack()), 2);
  const auto caught_up = told(0);
  ASSERT_EQ(caught_up.size(), 1U);
  EXPECT_EQ(caught_up[0].server, ServerId{2});

  group_.outbox(0).want_claimed(false);
  learn(1001, 1, ConnectionState::kEstablished);
  EXPECT_EQ(server_for(0, side_.ack(1001)), 1);
  EXPECT_EQ(told(0).size(), 0U);
}

// Whatever becomes of the packet that brings it.
TEST_P(ForwarderSync, WhatIsClaimedDuringADumpIsToldThoughItsServerIsRemoved) {
  group_.outbox(0).open();
  group_.outbox(0).want_claimed(true);
  learn(1000, 1, ConnectionState::kEstablished);
  change(without_server(three_servers(), 1));
  EXPECT_EQ(send(0, side_.ack()).verdict.reason, DropReason::kServerRemoved);
  const auto claimed = told(0);
  ASSERT_EQ(claimed.size(), 1U);
  EXPECT_EQ(claimed[0].server, ServerId{1});
  EXPECT_EQ(claimed[0].state, ConnectionState::kEstablished);
}

// With a refresh period a half-open connection's packets tell nothing.
TEST_P(ForwarderSync, WhatIsClaimedDuringADumpIsToldInAnyState) {
  Situation situation = three_servers();
  situation.sync = {.refresh_period = std::chrono::seconds{10}};
  change(situation);
  group_.outbox(0).open();
  group_.outbox(0).want_claimed(true);
  learn(1000, 1, ConnectionState::kSynReceived);
  EXPECT_EQ(server_for(0, side_.syn()), 1);
  const auto claimed = told(0);
  ASSERT_EQ(claimed.size(), 1U);
  EXPECT_EQ(claimed[0].state, ConnectionState::kSynReceived);
}

TEST_P(ForwarderSync, WhatIsClaimedDuringADumpIsToldLaterWhereTheOutboxIsFull) {
  group_.outbox(0).open();
  for (std::uint16_t port = 1001; port <= 1064; ++port) send(0, side_.syn(port));
  group_.outbox(0).want_claimed(true);
  learn(1000, 1, ConnectionState::kEstablished);
  EXPECT_EQ(server_for(0, side_.ack()), 1);
  EXPECT_EQ(told(0).size(), 64U);
  EXPECT_EQ(server_for(0, side_.ack()), 1);
  const auto records = told(0);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].client_port, 1000);
}

TEST_P(ForwarderSync, FollowsTheSnapshotsSettings) {
  group_.outbox(0).open();
  Situation situation = three_servers();
  situation.sync = {.threshold = 2, .period = 5, .early = false};
  change(situation);
  std::string text;
  send(0, side_.syn());
  for (int packet = 2; packet < 20; ++packet) {
    send(0, side_.ack());
    if (!told(0).empty()) text += std::to_string(packet) + " ";
  }
  EXPECT_EQ(text, "2 7 12 17 ");
}

// An operator's listing and the sync thread's dump go on beside each other.
TEST_P(ForwarderSync, HasAListingForTheSyncThreadToo) {
  for (std::uint16_t port = 1001; port <= 1020; ++port) send(0, side_.syn(port));
  core::ConnectionListing& dump = group_.forwarder(0).sync_listing();
  core::ConnectionListing& listing = group_.forwarder(0).listing();
  ASSERT_NE(&dump, &listing);
  dump.start();
  listing.start();
  pass(1);
  ASSERT_FALSE(dump.is_wanted());
  ASSERT_FALSE(listing.is_wanted());
  EXPECT_EQ(dump.rows().size(), 20U);
  EXPECT_EQ(listing.rows().size(), 20U);
  EXPECT_EQ(dump.rows().front().state, ConnectionState::kSynReceived);
  EXPECT_EQ(dump.rows().front().seconds_left, 59U);
}

}  // namespace
}  // namespace penstock::test
