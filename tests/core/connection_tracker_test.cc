// Which connection gives way in a full table. What else a tracker does is shown by the forwarder's tests.
#include "dataplane/core/connection_tracker.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace penstock::core {
namespace {

using enum ConnectionState;

constexpr Tick kStart = static_cast<Tick>(0) - 100;  // the tick counter wraps in the middle
constexpr Tick kSecond = kTicksPerSecond;

ConnectionKey4 key_of(std::uint16_t port) { return {packet::Ipv4Address{0x0a00'0001}, port, VirtualId{1}}; }

// A table of two buckets, full: every key has both.
class FullTrackerTest : public testing::Test {
 protected:
  // Connections whose last packet, at `then`, left them in `state`. Ports count from where the last call ended.
  void add(std::size_t count, ConnectionState state, Tick then = kStart) {
    for (; count > 0; --count) {
      const auto key = key_of(next_port_++);
      ASSERT_NE(tracker_.begin(key, tracker_.place_of(key), ServerId{0}, state, 40, timeouts_, then), nullptr);
    }
  }

  // The port of the connection that gives way to a new one; 0: none does.
  std::uint16_t gives_way(Tick now) {
    const auto before = present();
    const auto key = key_of(1000);
    if (tracker_.begin(key, tracker_.place_of(key), ServerId{0}, kUdp, 40, timeouts_, now) == nullptr) return 0;
    const auto after = present();
    for (const std::uint16_t port : before) {
      if (!after.contains(port)) return port;
    }
    ADD_FAILURE() << "there was room";
    return 0;
  }

  [[nodiscard]] std::uint64_t active() const { return board_.load_of(ServerId{0}).active; }
  [[nodiscard]] std::uint64_t inactive() const { return board_.load_of(ServerId{0}).inactive; }

 private:
  [[nodiscard]] std::set<std::uint16_t> present() const {
    std::set<std::uint16_t> ports;
    for (std::size_t i = 0; i < tracker_.table().bucket_count(); ++i) {
      tracker_.table().for_each_in(i, [&](const Connection4& entry) { ports.insert(entry.key.client_port()); });
    }
    return ports;
  }

  CounterBoard board_{1};
  Counter64 in_table_;
  ConnectionTracker<Connection4> tracker_{1, board_, 0, in_table_};
  StateTimeouts timeouts_;
  std::uint16_t next_port_ = 1;
};

TEST_F(FullTrackerTest, TheInactiveOneThatEndsFirstGivesWay) {
  add(3, kEstablished);
  add(1, kTimeWait);
  add(1, kClose, kStart + kSecond);
  add(1, kClose);
  add(2, kUdp);
  EXPECT_EQ(gives_way(kStart + 2 * kSecond), 6);
  EXPECT_EQ(active(), 3U);
  EXPECT_EQ(inactive(), 5U);
}

TEST_F(FullTrackerTest, AHalfOpenOneStaysAsLongAsItsClientMayRepeatItsSyn) {
  add(4, kEstablished);
  add(4, kSynReceived);
  EXPECT_EQ(gives_way(kStart + 3 * kSecond - 1), 0);
}

TEST_F(FullTrackerTest, AHalfOpenOneThatWasNotAnsweredForThreeSecondsGivesWay) {
  add(4, kEstablished);
  add(2, kSynReceived, kStart + 1);
  add(1, kSynReceived);
  add(1, kSynReceived, kStart + 1);
  EXPECT_EQ(gives_way(kStart + 3 * kSecond), 7);
  EXPECT_EQ(active(), 7U);
  EXPECT_EQ(inactive(), 1U);
}

TEST_F(FullTrackerTest, AHalfOpenOneGivesWayBeforeInactiveOnesThatEndSooner) {
  add(3, kClose);
  add(4, kUdp);
  add(1, kSynReceived);
  EXPECT_EQ(gives_way(kStart + 3 * kSecond), 8);
}

TEST_F(FullTrackerTest, AnEstablishedOneNeverGivesWay) {
  for (const ConnectionState state : {kEstablished, kSynSent, kSynAck}) add(2, state);
  add(2, kEstablished);
  EXPECT_EQ(gives_way(kStart + 100 * kSecond), 0);
}

}  // namespace
}  // namespace penstock::core
