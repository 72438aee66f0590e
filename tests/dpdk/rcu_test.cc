// Read-copy-update under load, and the proof that the load would find an error: the same race with one planted must fail.
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>

#include <string>

#include "dataplane/dpdk/rcu.h"

extern char** environ;

namespace penstock::dpdk {
namespace {

// The race's exit status, -1 if it didn't end by itself.
int race(std::string what, std::string publications) {
  std::string program = RCU_RACE;
  char* const arguments[] = {program.data(), what.data(), publications.data(), nullptr};
  pid_t child = 0;
  if (posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments, environ) != 0) return -1;
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Rcu, NoReaderOfTwentyThousandPublicationsSeesAFreedObject) { EXPECT_EQ(race("correct", "20000"), 0); }

// ThreadSanitizer may speak first: any status but success is a catch, as long as the race ran at all.
TEST(RcuMutant, APublisherThatDoesNotWaitIsCaught) {
  const int status = race("reclaim-at-once", "20000");
  EXPECT_TRUE(status == 3 || status == 66) << status;
}

TEST(RcuMutant, AReaderThatIsQuiescentTooEarlyIsCaught) {
  const int status = race("quiescent-too-early", "20000");
  EXPECT_TRUE(status == 3 || status == 66) << status;
}

struct Counted {
  explicit Counted(int& alive) : alive_{alive} { ++alive_; }
  ~Counted() { --alive_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  int& alive_;
};

TEST(Rcu, AnObjectIsFreedOnceEveryReaderWasQuiescent) {
  int alive = 0;
  {
    RcuPublisher<Counted> publisher{2};
    RcuPublisher<Counted>::Reader first{publisher, 0};
    RcuPublisher<Counted>::Reader second{publisher, 1};
    EXPECT_EQ(first.get(), nullptr);
    publisher.publish(std::make_unique<const Counted>(alive));
    first.online();
    second.online();
    const Counted* old = first.get();
    publisher.publish(std::make_unique<const Counted>(alive));
    EXPECT_NE(first.get(), old);
    EXPECT_EQ(publisher.reclaim(), 1U);
    first.quiescent();
    EXPECT_EQ(publisher.reclaim(), 1U);
    EXPECT_EQ(alive, 2);
    second.quiescent();
    EXPECT_EQ(publisher.reclaim(), 0U);
    EXPECT_EQ(alive, 1);
    first.offline();
    second.offline();
  }
  EXPECT_EQ(alive, 0);
}

TEST(Rcu, NobodyWaitsForAReaderThatIsOffline) {
  int alive = 0;
  RcuPublisher<Counted> publisher{2};
  RcuPublisher<Counted>::Reader awake{publisher, 0};
  RcuPublisher<Counted>::Reader asleep{publisher, 1};
  publisher.publish(std::make_unique<const Counted>(alive));
  awake.online();
  asleep.online();
  asleep.offline();
  publisher.publish(std::make_unique<const Counted>(alive));
  awake.quiescent();
  EXPECT_EQ(publisher.reclaim(), 0U);
  EXPECT_EQ(alive, 1);
  awake.offline();
}

TEST(Rcu, FreesInOrderAndOnlyWhatIsOldEnough) {
  int alive = 0;
  RcuPublisher<Counted> publisher{1};
  RcuPublisher<Counted>::Reader reader{publisher, 0};
  publisher.publish(std::make_unique<const Counted>(alive));
  reader.online();
  publisher.publish(std::make_unique<const Counted>(alive));
  reader.quiescent();
  publisher.publish(std::make_unique<const Counted>(alive));
  EXPECT_EQ(publisher.reclaim(), 1U) << "the second went after the reader's report";
  EXPECT_EQ(alive, 2);
  reader.offline();
  EXPECT_EQ(publisher.reclaim(), 0U);
}

}  // namespace
}  // namespace penstock::dpdk
