#include "control/sync/dump.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <memory>
#include <string>

#include "dataplane/core/snapshot.h"
#include "tests/control/sync/directory_for_tests.h"
#include "tests/core/test_worker.h"
#include "tests/support/rows_words.h"

namespace penstock::control {
namespace {

constexpr core::Tick kNow = 64;

// Two workers, and standby tables with some connections.
class SyncDumpTest : public testing::Test {
 protected:
  SyncDumpTest() {
    for (core::WorkerIndex i = 0; i < 2; ++i) {
      workers_.push_back(std::make_unique<test::TestWorker>(
          board_, core::Forwarder::Options{
                      .self = i, .connections4 = 8000, .connections6 = 8000, .standby = &standby_, .outbox = outboxes_[i]}));
      forwarders_.push_back(&workers_.back()->forwarder());
    }
  }

  void keep(unsigned client_port, core::Tick expires) {
    (void)standby_.ipv4.put({ip(test::ipv4_side().client).v4(), static_cast<std::uint16_t>(client_port), core::VirtualId{1}},
                            {.server = core::ServerId{2}, .state = core::ConnectionState::kEstablished, .expires = expires},
                            kNow);
  }

  // Steps and lets the workers work, and then calls each_time(), until one is through. @return how many steps it took.
  template <typename EachTime>
  unsigned run(std::size_t budget, EachTime each_time) {
    unsigned steps = 1;
    while (dump_.step(budget, kNow, [this](const core::SyncRecord& record) {
      ++told_[record.client_port];
      last_ = record;
    })) {
      for (core::Forwarder* const worker : forwarders_) worker->maintain(*snapshot_, kNow);
      each_time();
      if (++steps == 100'000) ADD_FAILURE() << "no end";
      if (steps == 100'000) break;
    }
    return steps;
  }

  unsigned run(std::size_t budget) {
    return run(budget, [] {});
  }

  void take_news() {
    std::array<core::SyncRecord, 64> news;
    for (core::SyncOutbox* const outbox : outboxes_) {
      while (const std::size_t count = outbox->take(news)) {
        for (std::size_t i = 0; i < count; ++i) ++told_[news.at(i).client_port];
      }
    }
  }

  core::CounterBoard board_{2};
  core::StandbyTables standby_{3000, 100, board_.standby()};
  core::SyncOutbox outbox0_;
  core::SyncOutbox outbox1_;
  std::vector<core::SyncOutbox*> outboxes_{&outbox0_, &outbox1_};
  std::vector<std::unique_ptr<test::TestWorker>> workers_;
  std::vector<core::Forwarder*> forwarders_;
  std::unique_ptr<const core::Snapshot> snapshot_ = test::snapshot_of(test::three_servers(), 1);
  SyncDump dump_{forwarders_, outboxes_, standby_};
  std::map<unsigned, unsigned> told_;
  core::SyncRecord last_;
};

TEST_F(SyncDumpTest, TellsEachConnectionOnceWithWhatIsLeftOfItsTime) {
  for (unsigned port = 1; port <= 2000; ++port) keep(port, kNow + 100 * core::kTicksPerSecond);
  dump_.start();
  const unsigned steps = run(100);
  EXPECT_GE(steps, 20U);
  EXPECT_EQ(told_.size(), 2000U);
  for (const auto& [port, times] : told_) EXPECT_EQ(times, 1U) << port;
  EXPECT_EQ(last_.timeout_seconds, 100U);
  EXPECT_EQ(last_.virtual_id, core::VirtualId{1});
  EXPECT_EQ(last_.server, core::ServerId{2});
  EXPECT_FALSE(dump_.is_running());
}

// More than a worker gives at once.
TEST_F(SyncDumpTest, TellsWhatEachWorkerHasOfBothFamilies) {
  for (std::uint16_t port = 1001; port <= 5000; ++port) {
    const auto& side = port % 2 == 0 ? test::ipv4_side() : test::ipv6_side();
    (void)workers_.at(port % 3 == 0 ? 0 : 1)->receive(*snapshot_, kNow, {.bytes = side.syn(port)});
  }
  keep(1, kNow + 1000);
  dump_.start();
  const unsigned steps = run(100);
  EXPECT_GE(steps, 4U);
  EXPECT_EQ(told_.size(), 4001U);
  for (const auto& [port, times] : told_) EXPECT_EQ(times, 1U) << port;
}

// A takeover's first seconds: the clients' packets take connections from the standby tables while they are being told.
TEST_F(SyncDumpTest, WhatIsClaimedMeanwhileIsTold) {
  constexpr unsigned kConnections = 2000;
  for (core::SyncOutbox* const outbox : outboxes_) outbox->open();
  for (unsigned port = 1; port <= kConnections; ++port) keep(port, kNow + 100 * core::kTicksPerSecond);
  dump_.start();
  unsigned port = 0;
  run(20, [&] {
    for (unsigned i = 0; i < 12 && port < kConnections; ++i) {
      ++port;
      (void)workers_.at(port % 2)->receive(*snapshot_, kNow,
                                           {.bytes = test::ipv4_side().ack(static_cast<std::uint16_t>(port))});
    }
    take_news();
  });
  take_news();
  EXPECT_GT(board_.worker(0).claimed.get() + board_.worker(1).claimed.get(), 500U);
  EXPECT_GT(standby_.ipv4.unclaimed(), 500U);
  EXPECT_EQ(told_.size(), kConnections);
  // After it, what is claimed was told of by the peer, or in the dump.
  told_.clear();
  (void)workers_.at(0)->receive(*snapshot_, kNow, {.bytes = test::ipv4_side().ack(kConnections)});
  take_news();
  EXPECT_EQ(told_.size(), 0U);
}

TEST_F(SyncDumpTest, WhatIsPastIsLeftOutAndALastSecondIsOne) {
  keep(1, kNow);
  keep(2, kNow + 1);
  dump_.start();
  run(100);
  EXPECT_EQ(told_.size(), 1U);
  EXPECT_EQ(last_.timeout_seconds, 1U);
}

TEST_F(SyncDumpTest, AskedForMeanwhileItIsMadeOnceMore) {
  keep(1, kNow + 1000);
  dump_.start();
  dump_.start();
  dump_.start();
  run(100);
  EXPECT_EQ(told_[1], 1U);
  EXPECT_TRUE(dump_.is_running());
  run(100);
  EXPECT_EQ(told_[1], 2U);
  EXPECT_FALSE(dump_.is_running());
  dump_.start();
  run(100);
  EXPECT_EQ(told_[1], 3U);
}

}  // namespace
}  // namespace penstock::control
