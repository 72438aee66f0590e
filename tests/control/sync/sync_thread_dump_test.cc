// The sync thread's dumps: who asks for one, who gives one, and when another one follows.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/control/sync/sync_thread_stage.h"

namespace penstock::control {
namespace {

class SyncThreadDumpTest : public test::SyncThreadStage {};

INSTANTIATE_TEST_SUITE_P(All, SyncThreadDumpTest, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& each) { return each.param ? "IPv4" : "IPv6"; });

TEST_P(SyncThreadDumpTest, WhoBeginsToListenAsksForADumpUntilHeHasHadOne) {
  start(false);
  hear(Note::kWantDump);
  hear(Note::kWantDump);
  EXPECT_TRUE(thread_->status().dump.is_wanted);
  say(Note::kDumpBegins);
  say(Note::kDumpEnds);
  wait_for("its end", [](const SyncThreadStatus& status) { return status.dump.received == 1; });
  EXPECT_FALSE(thread_->status().dump.is_wanted);
}

TEST_P(SyncThreadDumpTest, ADumpWhoseBeginHeHasMissedIsNotHis) {
  start(false);
  hear(Note::kWantDump);
  say(Note::kDumpGoesOn);
  say(Note::kDumpEnds);
  wait_until_heard();
  EXPECT_EQ(thread_->status().dump.received, 0U);
  EXPECT_TRUE(thread_->status().dump.is_wanted);
  hear(Note::kWantDump);
}

// A dump that took longer than a second was sent again and again: as often as it was asked for meanwhile.
TEST_P(SyncThreadDumpTest, WhileADumpGoesOnHeDoesNotAskForAnother) {
  start(false);
  hear(Note::kWantDump);
  say(Note::kDumpBegins);
  pollfd readable{.fd = peer_->receive_fd(), .events = POLLIN, .revents = 0};
  for (int i = 0; i < 15; ++i) {
    EXPECT_EQ(poll(&readable, 1, 100), 0) << i;  // for longer than until he would ask again
    say(Note::kDumpGoesOn);
  }
  hear(Note::kWantDump);  // it has come to a stop
  say(Note::kDumpEnds);   // of what he has given up
  wait_until_heard();
  EXPECT_EQ(thread_->status().dump.received, 0U);
}

TEST_P(SyncThreadDumpTest, AMasterSendsAllItKnowsToWhoeverAsks) {
  for (std::uint16_t port = 1; port <= 300; ++port) keep(port);
  start(true);
  let_workers_work();
  hear(Note::kWantDump);  // it listens
  say(Note::kWantDump);
  hear(Note::kDumpBegins);
  EXPECT_TRUE(entries_.empty());
  hear(Note::kDumpEnds);
  EXPECT_EQ(entries_.size(), 300U);
  const auto ports = client_ports();
  EXPECT_EQ(std::set<unsigned>(ports.begin(), ports.end()).size(), 300U);
  EXPECT_EQ(entries_.front().timeout.count(), 100);
  wait_for("its count", [](const SyncThreadStatus& status) { return status.dump.sent == 1 && !status.dump.is_sending; });
}

TEST_P(SyncThreadDumpTest, ABackupWhoWaitsForADumpHasNoneToGiveUntilHeHasHadIt) {
  start(false);
  let_workers_work();
  hear(Note::kWantDump);
  say(Note::kWantDump);
  say(Note::kDumpBegins);
  say(Note::kDumpEnds);
  say(Note::kWantDump);
  hear(Note::kDumpEnds);
  EXPECT_EQ(std::ranges::count(notes_, Note::kDumpBegins), 1);
  EXPECT_EQ(thread_->status().dump.sent, 1U);
}

TEST_P(SyncThreadDumpTest, WhoAsksInTheMiddleOfADumpGetsAnother) {
  start(true);
  hear(Note::kWantDump);  // it listens
  say(Note::kWantDump);
  hear(Note::kDumpBegins);
  say(Note::kWantDump);
  say(Note::kWantDump);
  wait_until_heard();
  let_workers_work();
  hear(Note::kDumpEnds);
  hear(Note::kDumpEnds);
  notes_.erase(std::remove_if(notes_.begin(), notes_.end(),
                              [](Note note) { return note == Note::kWantDump || note == Note::kDumpGoesOn; }),
               notes_.end());
  EXPECT_EQ(notes_, (std::vector{Note::kDumpBegins, Note::kDumpEnds, Note::kDumpBegins, Note::kDumpEnds}));
  wait_for("their count", [](const SyncThreadStatus& status) { return status.dump.sent == 2 && !status.dump.is_sending; });
}

TEST_P(SyncThreadDumpTest, ALongDumpSaysThatItGoesOn) {
  start(true);
  hear(Note::kWantDump);  // it listens
  say(Note::kWantDump);
  hear(Note::kDumpBegins);
  hear(Note::kDumpGoesOn);  // no worker serves it
  EXPECT_TRUE(thread_->status().dump.is_sending);
}

TEST_P(SyncThreadDumpTest, ADumpIsNoReasonNotToStop) {
  keep(1);
  start(true);
  hear(Note::kWantDump);  // it listens
  say(Note::kWantDump);
  hear(Note::kDumpBegins);
  EXPECT_TRUE(thread_->status().dump.is_sending);
  thread_->stop();
  EXPECT_TRUE(entries_.empty());  // no worker has served it
  thread_->stop();
}

TEST_P(SyncThreadDumpTest, AStopSendsWhatTheWorkersHaveLeft) {
  start(true);
  wait_for("its part", [](const SyncThreadStatus& status) { return status.master; });
  for (std::uint16_t port = 1; port <= kOutbox; ++port) EXPECT_TRUE(tell(port));
  thread_->stop();
  hear_entries(kOutbox);
  EXPECT_FALSE(outboxes_[0].is_open());
}

}  // namespace
}  // namespace penstock::control
