// What other threads give a worker to send: urgent frames before everything else, and never lost to a full queue.
#include <gtest/gtest.h>

#include "tests/dpdk/dpdk_environment.h"

namespace penstock::dpdk::testing {
namespace {

using core::Action;
using core::DropReason;

TEST(Worker, SendsWhatControlInjects) {
  RingWire first;
  RingWire second;
  Running running{{first.spec("eth0"), second.spec("eth1")}, 1};
  auto& exchange = running.plane().exchange();
  EXPECT_TRUE(exchange.inject(0, scripted_frame({.sequence = 1}), Urgency::kBulk));
  EXPECT_TRUE(exchange.inject(1, scripted_frame({.sequence = 2}, 1514), Urgency::kUrgent));
  EXPECT_EQ(script_of(first.wait_left().value())->sequence, 1);
  const auto large = second.wait_left();
  ASSERT_TRUE(large);
  EXPECT_EQ(script_of(*large)->sequence, 2);
  EXPECT_EQ(large->size(), 1514U);
}

TEST(Worker, NothingThatWasInjectedWithoutCarrierLeavesWhenItIsBack) {
  RingWire wire;
  Running running{{wire.spec("eth0")}, 1};
  auto& exchange = running.plane().exchange();
  exchange.set_carrier(0, false);
  EXPECT_TRUE(exchange.inject(0, scripted_frame({.sequence = 1}), Urgency::kUrgent));
  EXPECT_TRUE(exchange.inject(0, scripted_frame({.sequence = 2}), Urgency::kBulk));
  exchange.set_carrier(0, true);
  EXPECT_TRUE(exchange.inject(0, scripted_frame({.sequence = 3}), Urgency::kUrgent));
  EXPECT_TRUE(exchange.inject(0, scripted_frame({.sequence = 4}), Urgency::kBulk));
  EXPECT_EQ(script_of(wire.wait_left().value())->sequence, 3);
  EXPECT_EQ(script_of(wire.wait_left().value())->sequence, 4);
}

TEST(Worker, RefusesToInjectWhatNoBufferHolds) {
  RingWire wire;
  Running running{{wire.spec("eth0")}, 1};
  EXPECT_FALSE(running.plane().exchange().inject(0, std::vector<std::byte>(4000), Urgency::kUrgent));
}

TEST(Worker, KeepsAnUrgentFrameUntilTheTransmitQueueHasRoom) {
  RingWire wire{{.transmit_room = 8}};
  Running running{{wire.spec("eth0")}, 1};
  auto& exchange = running.plane().exchange();
  for (std::uint16_t i = 0; i < 8; ++i) ASSERT_TRUE(exchange.inject(0, scripted_frame({.sequence = i}), Urgency::kBulk));
  ASSERT_TRUE(eventually([&] { return wire.waiting() == 8; }));
  for (std::uint16_t i = 100; i < 105; ++i) ASSERT_TRUE(exchange.inject(0, scripted_frame({.sequence = i}), Urgency::kUrgent));
  const auto loops = running.plane().worker(0).idle_loops.get();
  ASSERT_TRUE(eventually([&] { return running.plane().worker(0).idle_loops.get() > loops + 10; })) << "it tried in vain";
  std::vector<std::uint16_t> order;
  while (order.size() < 13) {
    const auto frame = wire.wait_left();
    ASSERT_TRUE(frame);
    order.push_back(script_of(*frame)->sequence);
  }
  EXPECT_EQ(order, (std::vector<std::uint16_t>{0, 1, 2, 3, 4, 5, 6, 7, 100, 101, 102, 103, 104}));
  EXPECT_EQ(running.dropped(DropReason::kTxQueueFull), 0U);
}

TEST(Worker, GivesAWaitingUrgentFrameTheFirstPlaceThatBecomesFree) {
  RingWire wire{{.transmit_room = 8}};
  Running running{{wire.spec("eth0")}, 1};
  auto& exchange = running.plane().exchange();
  for (std::uint16_t i = 0; i < 8; ++i) ASSERT_TRUE(exchange.inject(0, scripted_frame({.sequence = i}), Urgency::kBulk));
  ASSERT_TRUE(eventually([&] { return wire.waiting() == 8; }));
  ASSERT_TRUE(exchange.inject(0, scripted_frame({.sequence = 100}), Urgency::kUrgent));
  const auto loops = running.plane().worker(0).idle_loops.get();
  ASSERT_TRUE(eventually([&] { return running.plane().worker(0).idle_loops.get() > loops + 10; })) << "it tried in vain";

  running.forwarder(0).blocked = true;
  for (unsigned i = 0; i < 40; ++i) wire.arrive(scripted_frame({.action = Action::kForward, .target = 0, .sequence = 7}));
  ASSERT_TRUE(eventually([&] { return running.plane().worker(0).received.get() > 0; }));
  EXPECT_EQ(script_of(wire.wait_left().value())->sequence, 0) << "a place is free when the worker comes to send its burst";
  running.forwarder(0).blocked = false;
  ASSERT_TRUE(eventually([&] { return running.dropped(DropReason::kTxQueueFull) > 0; }));
  for (std::uint16_t i = 1; i < 8; ++i) EXPECT_EQ(script_of(wire.wait_left().value())->sequence, i);
  EXPECT_EQ(script_of(wire.wait_left().value())->sequence, 100);
}

TEST(Worker, SendsUrgentFramesBeforeBulk) {
  RingWire wire;
  Running running{{wire.spec("eth0")}, 1};
  auto& exchange = running.plane().exchange();
  running.forwarder(0).blocked = true;
  wire.arrive(scripted_frame({.action = Action::kDrop}));
  ASSERT_TRUE(eventually([&] { return running.plane().worker(0).received.get() == 1; }));
  for (std::uint16_t i = 0; i < 20; ++i) ASSERT_TRUE(exchange.inject(0, scripted_frame({.sequence = i}), Urgency::kBulk));
  ASSERT_TRUE(exchange.inject(0, scripted_frame({.sequence = 1000}), Urgency::kUrgent));
  running.forwarder(0).blocked = false;
  EXPECT_EQ(script_of(wire.wait_left().value())->sequence, 1000);
  for (std::uint16_t i = 0; i < 20; ++i) EXPECT_EQ(script_of(wire.wait_left().value())->sequence, i);
}

TEST(Worker, IsKnownToHaveUrgentFramesStillToTake) {
  RingWire wire;
  Running running{{wire.spec("eth0")}, 1};
  auto& exchange = running.plane().exchange();
  EXPECT_FALSE(exchange.urgent_frames_wait());
  running.forwarder(0).blocked = true;
  wire.arrive(scripted_frame({.action = Action::kDrop}));
  ASSERT_TRUE(eventually([&] { return running.plane().worker(0).received.get() == 1; }));
  ASSERT_TRUE(exchange.inject(0, scripted_frame({.sequence = 1}), Urgency::kBulk));
  EXPECT_FALSE(exchange.urgent_frames_wait());
  ASSERT_TRUE(exchange.inject(0, scripted_frame({.sequence = 2}), Urgency::kUrgent));
  EXPECT_TRUE(exchange.urgent_frames_wait());
  running.forwarder(0).blocked = false;
  EXPECT_TRUE(eventually([&] { return !exchange.urgent_frames_wait(); }));
}

TEST(Worker, SendsWhatWasInjectedAMomentBeforeItStops) {
  RingWire wire;
  Running running{{wire.spec("eth0")}, 1};
  const auto& counters = running.plane().worker(0);
  ASSERT_TRUE(eventually([&] { return counters.sleeps.get() > 0; })) << "asleep, it finds both at once when it wakes";
  ASSERT_TRUE(running.plane().exchange().inject(0, scripted_frame({.sequence = 7}), Urgency::kUrgent));
  running.plane().stop();
  const auto frame = wire.wait_left();
  ASSERT_TRUE(frame);
  EXPECT_EQ(script_of(*frame)->sequence, 7);
}

}  // namespace
}  // namespace penstock::dpdk::testing
