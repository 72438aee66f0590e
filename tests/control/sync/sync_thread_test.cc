// The sync thread: what it tells and keeps in which role, and what becomes of it when the interface isn't as it should be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/control/sync/sync_thread_stage.h"

namespace penstock::control {
namespace {

using test::shell;
using testing::HasSubstr;

class SyncThreadTest : public test::SyncThreadStage {};

INSTANTIATE_TEST_SUITE_P(All, SyncThreadTest, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& each) { return each.param ? "IPv4" : "IPv6"; });

// -- roles --

TEST_P(SyncThreadTest, AMasterTellsWhatItsWorkersSay) {
  start(true);
  wait_for("its part", [](const SyncThreadStatus& status) { return status.master; });
  EXPECT_TRUE(tell(40001, 0));
  EXPECT_TRUE(tell(40002, 1));
  hear_entries(2);
  EXPECT_EQ(client_ports(), (std::multiset<unsigned>{40001, 40002}));
  EXPECT_EQ(entries_.front().client.address, record(40001).client);
  EXPECT_EQ(entries_.front().real_server.address, ip(GetParam() ? "192.168.1.180" : "fd77::180"));
  EXPECT_EQ(entries_.front().timeout.count(), 900);
  EXPECT_EQ(heard_as_, kSyncId);
  const SyncThreadStatus status = thread_->status();
  EXPECT_EQ(status.daemon, daemon());
  EXPECT_EQ(status.sent.entries, 2U);
  EXPECT_EQ(status.sent.failed, 0U);
  EXPECT_GE(status.worst_lag, status.lag);
  EXPECT_EQ(status.error, "");
}

// Of other instances' addresses.
TEST_P(SyncThreadTest, AMasterThatYieldsTellsOnWhatItsWorkersSay) {
  start(true);
  wait_for("its part", [](const SyncThreadStatus& status) { return status.master; });
  EXPECT_TRUE(tell(40001));
  become(false);
  hear_entries(1);
  EXPECT_FALSE(thread_->status().master);
  EXPECT_TRUE(tell(40002));
  hear_entries(2);
  EXPECT_EQ(client_ports(), (std::multiset<unsigned>{40001, 40002}));
}

TEST_P(SyncThreadTest, AnotherInstancesRoleIsNotItsOwn) {
  start(false);
  become(true, "VI_2");
  EXPECT_FALSE(thread_->status().master);
  config::SyncDaemon other = daemon();
  other.instance = "VI_2";
  configure(other);
  EXPECT_TRUE(thread_->status().master);
}

TEST_P(SyncThreadTest, ABackupKeepsWhatItHears) {
  start(false);
  hear(Note::kWantDump);
  say_connection(40001);
  wait_for("the connection", [](const SyncThreadStatus& status) { return status.received.entries_new == 1; });
  const auto connection = kept(40001);
  ASSERT_TRUE(connection.has_value());
  EXPECT_EQ(connection->server, record(40001).server);
  EXPECT_EQ(connection->expires, kNow + 900 * core::kTicksPerSecond);
  EXPECT_FALSE(connection->only_if_absent);
}

TEST_P(SyncThreadTest, WhatAMasterHearsIsForFlowsThatItDoesNotKnow) {
  start(true);
  hear(Note::kWantDump);
  say_connection(40001);
  wait_for("the connection", [](const SyncThreadStatus& status) { return status.received.entries_new == 1; });
  EXPECT_TRUE(kept(40001)->only_if_absent);
}

TEST_P(SyncThreadTest, ItSaysWhatItDoesInTheKernelsWords) {
  const std::string log = logged([this] {
    start(false);
    become(true);
    become(false);
    thread_->stop();
  });
  EXPECT_THAT(log, HasSubstr("IPVS: sync thread started: state = BACKUP, mcast_ifn = left, syncid = 50, id = 0"));
  EXPECT_THAT(log, HasSubstr("IPVS: stopping backup sync thread "));
  EXPECT_THAT(log, HasSubstr("IPVS: sync thread started: state = MASTER, mcast_ifn = left, syncid = 50, id = 0"));
  EXPECT_THAT(log, HasSubstr("IPVS: stopping master sync thread "));
}

TEST_P(SyncThreadTest, NewSettingsCountAtOnceAndNoneEndIt) {
  start(false);
  hear(Note::kWantDump);
  EXPECT_TRUE(outboxes_[0].is_open());
  config::SyncDaemon other = daemon();
  other.id = 51;
  configure(other);
  hear(Note::kWantDump);
  EXPECT_EQ(heard_as_, 51U);
  configure(std::nullopt);
  EXPECT_EQ(thread_->status().daemon, std::nullopt);
  EXPECT_FALSE(outboxes_[0].is_open());
  EXPECT_FALSE(outboxes_[1].is_open());
}

TEST_P(SyncThreadTest, WhatHasEndedGoesAlsoWithoutADaemon) {
  keep(40001, kNow + 1);
  keep(40002);
  now_ = kNow + 1;
  start(false);
  configure(std::nullopt);
  wait_for("it to be swept",
           [this](const SyncThreadStatus&) { return standby_.ipv4.unclaimed() + standby_.ipv6.unclaimed() == 1; });
  EXPECT_TRUE(kept(40002).has_value());
}

// -- the interface --

TEST_P(SyncThreadTest, AnInterfaceThatIsNotThereIsSaidAndItsComingIsSeen) {
  const std::string log = logged([this] {
    test::SyncCable::pull();
    start(false);
    EXPECT_EQ(thread_->status().error, "connection sync on left: no such interface: No such device");
    EXPECT_FALSE(thread_->status().dump.is_wanted);
    cable_->plug();
    peer_.emplace(cable_->peer(group()));
    hear(Note::kWantDump);
    EXPECT_EQ(thread_->status().error, "");
    thread_->stop();
  });
  EXPECT_THAT(log, HasSubstr("connection sync on left: no such interface: No such device"));
  EXPECT_THAT(log, HasSubstr("connection sync on left works again"));
}

// A socket of an interface that is gone neither hears nor sends, and says nothing of it: the thread was deaf from then on.
TEST_P(SyncThreadTest, AnInterfaceThatIsReplacedIsOpenedAnew) {
  start(false);
  hear(Note::kWantDump);
  say(Note::kDumpBegins);
  say(Note::kDumpEnds);
  wait_for("the dump", [](const SyncThreadStatus& status) { return !status.dump.is_wanted; });
  test::SyncCable::pull();
  wait_for("that it is gone", [](const SyncThreadStatus& status) {
    return status.error == "connection sync on left: no such interface: No such device";
  });
  cable_->plug();
  peer_.emplace(cable_->peer(group()));
  hear(Note::kWantDump);
  say_connection(40001);
  wait_for("the connection", [](const SyncThreadStatus& status) { return status.received.entries_new == 1; });
}

// What was told meanwhile it hasn't heard.
TEST_P(SyncThreadTest, WhoWasCutOffAsksForADumpAgain) {
  start(false);
  hear(Note::kWantDump);
  say(Note::kDumpBegins);
  say(Note::kDumpEnds);
  wait_for("the dump", [](const SyncThreadStatus& status) { return !status.dump.is_wanted; });
  thread_->post(SyncLink{.interface = "left", .is_running = true});
  thread_->post(SyncLink{.interface = "other", .is_running = false});
  thread_->post(SyncLink{.interface = "other", .is_running = true});
  thread_->post(SyncLink{.interface = "left", .is_running = false});
  EXPECT_FALSE(thread_->status().dump.is_wanted);
  thread_->post(SyncLink{.interface = "left", .is_running = true});
  EXPECT_TRUE(thread_->status().dump.is_wanted);
  hear(Note::kWantDump);
}

TEST_P(SyncThreadTest, WhoStoodStillAsksForADumpAgain) {
  keep(40001);  // so that each turn asks for the time
  start(false);
  hear(Note::kWantDump);
  say(Note::kDumpBegins);
  say(Note::kDumpEnds);
  wait_for("the dump", [](const SyncThreadStatus& status) { return !status.dump.is_wanted; });
  stands_still_until_ = EventLoop::now() + std::chrono::milliseconds{600};
  hear(Note::kWantDump);
}

TEST_P(SyncThreadTest, WhatTheInterfaceRefusesIsCounted) {
  start(true);
  hear(Note::kWantDump);
  shell("ip link set left down");
  EXPECT_TRUE(tell(1));
  wait_for("the failure", [](const SyncThreadStatus& status) { return status.sent.failed >= 1; });
  shell("ip link set left up");
  if (!GetParam()) shell("ip addr add fe80::1/64 dev left nodad");  // the kernel has forgotten it
  const std::uint64_t sent = thread_->status().sent.entries;
  wait_for("a way", [&](const SyncThreadStatus& status) {
    (void)tell(40001);
    return status.sent.entries > sent;
  });
  while (!client_ports().contains(40001)) ASSERT_TRUE(hear());
}

TEST_P(SyncThreadTest, WhatABusyInterfaceDoesNotTakeWaits) {
  if (std::system("tc qdisc add dev left root tbf rate 8kbit burst 1600 limit 1600") != 0)
    GTEST_SKIP() << "this kernel has no queue that can be full (sch_tbf)";
  config::SyncDaemon small = daemon();
  small.max_length = 100;  // one entry each, or two
  start(true, small);
  wait_for("its part", [](const SyncThreadStatus& status) { return status.master; });
  for (std::uint16_t port = 1; port <= kOutbox; ++port) EXPECT_TRUE(tell(port));
  wait_for("those to be taken", [this](const SyncThreadStatus&) { return tell(100); });
  EXPECT_LT(thread_->status().sent.entries, kOutbox);
  shell("tc qdisc change dev left root tbf rate 1gbit burst 16000 limit 1600");
  hear_entries(kOutbox + 1);
  EXPECT_EQ(client_ports().size(), kOutbox + 1);
  const auto ports = client_ports();
  EXPECT_EQ(std::set<unsigned>(ports.begin(), ports.end()).size(), kOutbox + 1);
  EXPECT_EQ(thread_->status().sent.failed, 0U);
  EXPECT_EQ(thread_->status().sent.given_up, 0U);
}

}  // namespace
}  // namespace penstock::control
