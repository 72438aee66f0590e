// The worker's loop between real rings: each verdict carried out, each of its own drops counted, no buffer lost.
#include <gtest/gtest.h>
#include <poll.h>

#include <map>

#include "tests/dpdk/dpdk_environment.h"

namespace penstock::dpdk::testing {
namespace {

using core::Action;
using core::DropReason;
using core::PuntClass;

Script forward_to(core::PortIndex port, std::uint16_t sequence = 0) {
  return {.action = Action::kForward, .target = port, .sequence = sequence};
}

Script punt_as(PuntClass punt_class, std::uint16_t sequence = 0) {
  return {.action = Action::kPunt, .target = static_cast<std::uint8_t>(punt_class), .sequence = sequence};
}

TEST(Worker, ForwardsEachFrameOnceAndInOrder) {
  RingWire in;
  RingWire out;
  Running running{{in.spec("eth0"), out.spec("eth1")}, 1};
  for (std::uint16_t i = 0; i < 200; ++i) in.arrive(scripted_frame(forward_to(1, i), 60 + i));
  for (std::uint16_t i = 0; i < 200; ++i) {
    const auto frame = out.wait_left();
    ASSERT_TRUE(frame) << "frame " << i;
    EXPECT_EQ(script_of(*frame)->sequence, i);
    EXPECT_EQ(frame->size(), 60U + i);
  }
  EXPECT_TRUE(eventually([&] { return running.plane().worker(0).sent.get() == 200; }));
  EXPECT_EQ(running.plane().worker(0).received.get(), 200U);
  EXPECT_EQ(out.waiting(), 0U);
  EXPECT_EQ(in.waiting(), 0U);
}

TEST(Worker, ADroppedFramesBufferComesBack) {
  RingWire wire;
  Running running{{wire.spec("eth0")}, 1};
  for (unsigned i = 0; i < 100; ++i) wire.arrive(scripted_frame({.action = Action::kDrop}));
  EXPECT_TRUE(eventually([&] { return running.plane().worker(0).received.get() == 100; }));
  EXPECT_TRUE(eventually([&] { return wire.in_use() == 0; }));
}

TEST(Worker, AReplyIsOneBufferOfItsOwnLength) {
  RingWire wire;
  Running running{{wire.spec("eth0")}, 1};
  wire.arrive(scripted_frame({.action = Action::kReply, .target = 0, .sequence = 9, .reply_length = 90}, 1400), 0, 500);
  const auto reply = wire.wait_left();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->size(), 90U);
  EXPECT_EQ(script_of(*reply)->sequence, 9);
  EXPECT_EQ(wire.in_use(), 0U) << "the rest of the chain";
}

TEST(Worker, AReplyMayBeLongerThanThePacketItAnswers) {
  RingWire wire;
  Running running{{wire.spec("eth0")}, 1};
  wire.arrive(scripted_frame({.action = Action::kReply, .target = 0, .reply_length = 98}, 60));
  const auto reply = wire.wait_left();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->size(), 98U);
}

TEST(Worker, CountsAndFreesWhatAFullTransmitQueueDoesNotTake) {
  RingWire in;
  RingWire out{{.transmit_room = 50}};
  Running running{{in.spec("eth0"), out.spec("eth1")}, 1};
  for (std::uint16_t i = 0; i < 320; ++i) in.arrive(scripted_frame(forward_to(1, i)));
  EXPECT_TRUE(eventually([&] { return running.dropped(DropReason::kTxQueueFull) == 270; }));
  EXPECT_EQ(out.waiting(), 50U);
  EXPECT_EQ(in.in_use(), 50U);
}

TEST(Worker, HandsAFrameOverToTheWorkerThatShouldHaveIt) {
  RingWire wire{{.receive_queues = 2, .transmit_queues = 2}};
  Running running{{wire.spec("eth0")}, 2};
  ASSERT_EQ(running.plane().ports().workers(), 2U);
  wire.arrive(scripted_frame({.action = Action::kHandOver, .target = 1, .sequence = 1, .then = 0}), 0);
  wire.arrive(scripted_frame({.action = Action::kHandOver, .target = 0, .sequence = 2, .then = 0}), 1);
  // Worker i sends by queue i, so the queue says who judged the frame in the end.
  for (const unsigned queue : {0U, 1U}) {
    const auto frame = wire.wait_left(queue);
    ASSERT_TRUE(frame);
    EXPECT_EQ(script_of(*frame)->sequence, queue == 1 ? 1 : 2);
    EXPECT_EQ(script_of(*frame)->hops, 7) << "what the first worker told the second";
    EXPECT_EQ(running.plane().worker(queue).handed_over.get(), 1U);
  }
}

TEST(Worker, AFrameThatIsHandedOverKeepsThePortItCameInBy) {
  RingWire first{{.receive_queues = 2, .transmit_queues = 2}};
  RingWire second{{.receive_queues = 2, .transmit_queues = 2}};
  Running running{{first.spec("eth0"), second.spec("eth1")}, 2};
  // Handed over, it is forwarded to `then`; the port it came in by shows when the other worker punts it.
  second.arrive(scripted_frame({.action = Action::kHandOver, .target = 1, .then = 0}), 0);
  EXPECT_TRUE(first.wait_left(1));
  EXPECT_EQ(second.waiting(1), 0U);
}

TEST(Worker, CountsWhatTheRingToAnotherWorkerDoesNotTake) {
  RingWire wire{{.receive_queues = 2, .transmit_queues = 2}};
  Running running{{wire.spec("eth0")}, 2};
  running.forwarder(1).blocked = true;
  wire.arrive(scripted_frame({.action = Action::kDrop}), 1);  // worker 1 is in process() from now on
  EXPECT_TRUE(eventually([&] { return running.plane().worker(1).received.get() == 1; }));
  for (std::uint16_t i = 0; i < 1500; ++i)
    wire.arrive(scripted_frame({.action = Action::kHandOver, .target = 1, .sequence = i}), 0);
  EXPECT_TRUE(eventually([&] { return running.dropped(DropReason::kHandoverRingFull) == 1500 - kHandOverRing; }));
  running.forwarder(1).blocked = false;
  EXPECT_TRUE(eventually([&] { return running.plane().worker(1).handed_over.get() == kHandOverRing; }));
}

TEST(Worker, AHeldFrameLeavesWhenTheCoreGivesItBack) {
  RingWire wire;
  Running running{{wire.spec("eth0")}, 1};
  for (std::uint16_t i = 0; i < 70; ++i) wire.arrive(scripted_frame({.action = Action::kHold, .sequence = i, .then = 0}));
  EXPECT_TRUE(eventually([&] { return running.forwarder(0).holding == 70; }));
  EXPECT_EQ(wire.waiting(), 0U);
  running.forwarder(0).let_go = true;
  EXPECT_TRUE(eventually([&] { return wire.waiting() == 70; }));
}

TEST(Worker, PuntsByClassWithPortAndTimeOfArrival) {
  RingWire first;
  RingWire second;
  Running running{{first.spec("eth0"), second.spec("eth1")}, 1};
  auto& exchange = running.plane().exchange();
  const auto before = std::chrono::steady_clock::now();
  const auto drain_both = [&](const auto& take) {
    exchange.drain_all(Taker::kVrrp, take);
    exchange.drain_all(Taker::kControl, take);
  };
  drain_both([](const PuntedFrame&) { FAIL(); });
  first.arrive(scripted_frame(punt_as(PuntClass::kOther, 1)));
  second.arrive(scripted_frame(punt_as(PuntClass::kVrrp, 2), 1400), 0, 600);  // in three buffers
  std::map<std::uint16_t, PuntClass> seen;
  const auto take = [&](const PuntedFrame& frame) {
    const auto script = script_of(frame.bytes);
    ASSERT_TRUE(script);
    seen[script->sequence] = frame.punt_class;
    EXPECT_EQ(frame.port, script->sequence - 1);
    EXPECT_EQ(frame.bytes.size(), script->sequence == 1 ? 60U : 1400U);
    EXPECT_GE(frame.arrival, before - std::chrono::milliseconds{1});  // the two clocks agree to microseconds
    EXPECT_LE(frame.arrival, std::chrono::steady_clock::now());
  };
  EXPECT_TRUE(eventually([&] {
    drain_both(take);
    return seen.size() == 2;
  }));
  EXPECT_EQ(seen[1], PuntClass::kOther);
  EXPECT_EQ(seen[2], PuntClass::kVrrp);
}

TEST(Worker, WakesAThreadForItsOwnClassesOnly) {
  RingWire wire;
  Running running{{wire.spec("eth0")}, 1};
  auto& exchange = running.plane().exchange();
  const auto rings = [&](Taker taker) {
    pollfd wait{exchange.event_fd(taker), POLLIN, 0};
    return poll(&wait, 1, 0) == 1;
  };
  unsigned drained = 0;
  const auto take = [&](const PuntedFrame&) { ++drained; };
  for (const Taker taker : {Taker::kVrrp, Taker::kControl}) exchange.drain_all(taker, take);
  wire.arrive(scripted_frame(punt_as(PuntClass::kVrrp)));
  EXPECT_TRUE(eventually([&] { return rings(Taker::kVrrp); }));
  EXPECT_FALSE(rings(Taker::kControl));
  exchange.drain_all(Taker::kControl, take);
  EXPECT_EQ(drained, 0U) << "an advert is not control's";
  exchange.drain_all(Taker::kVrrp, take);
  EXPECT_EQ(drained, 1U);
  EXPECT_FALSE(rings(Taker::kVrrp));
  for (const PuntClass other : {PuntClass::kCheck, PuntClass::kNeighbour, PuntClass::kOther}) {
    wire.arrive(scripted_frame(punt_as(other)));
    EXPECT_TRUE(eventually([&] { return rings(Taker::kControl); }));
    EXPECT_FALSE(rings(Taker::kVrrp));
    exchange.drain_all(Taker::kControl, take);
  }
  EXPECT_EQ(drained, 4U);
}

TEST(Worker, WakesControlOnlyOnceItIsArmed) {
  RingWire wire;
  Running running{{wire.spec("eth0")}, 1};
  auto& exchange = running.plane().exchange();
  pollfd wait{exchange.event_fd(Taker::kControl), POLLIN, 0};
  wire.arrive(scripted_frame(punt_as(PuntClass::kCheck)));
  EXPECT_TRUE(eventually([&] { return running.plane().worker(0).received.get() == 1; }));
  EXPECT_EQ(poll(&wait, 1, 0), 0) << "not armed yet";
  unsigned drained = 0;
  const auto take = [&](const PuntedFrame&) { ++drained; };
  EXPECT_TRUE(eventually([&] {
    exchange.drain_all(Taker::kControl, take);
    return drained == 1;
  }));
  EXPECT_EQ(poll(&wait, 1, 0), 0) << "drained and armed";
  for (unsigned round = 2; round < 50; ++round) {
    wire.arrive(scripted_frame(punt_as(PuntClass::kCheck)));
    ASSERT_EQ(poll(&wait, 1, 10'000), 1) << "round " << round;
    exchange.drain_all(Taker::kControl, take);
    EXPECT_EQ(drained, round);
  }
}

TEST(Worker, CountsWhatTheRingToControlDoesNotTakeAndAFloodLeavesTheOtherClassesAlone) {
  RingWire wire;
  Running running{{wire.spec("eth0")}, 1};
  const unsigned room = kPuntRing[static_cast<std::size_t>(PuntClass::kCheck)];
  for (unsigned i = 0; i < room + 300; ++i) wire.arrive(scripted_frame(punt_as(PuntClass::kCheck)));
  wire.arrive(scripted_frame(punt_as(PuntClass::kVrrp, 77)));
  EXPECT_TRUE(eventually([&] { return running.dropped(DropReason::kPuntRingFull) == 300; }));
  unsigned adverts = 0;
  EXPECT_TRUE(eventually([&] {
    return running.plane().exchange().drain(PuntClass::kVrrp, 10, [&](const PuntedFrame& frame) {
      ++adverts;
      EXPECT_EQ(script_of(frame.bytes)->sequence, 77);
    }) == 1;
  }));
  unsigned checks = 0;
  while (running.plane().exchange().drain(PuntClass::kCheck, 100, [&](const PuntedFrame&) { ++checks; }) > 0) {
  }
  EXPECT_EQ(checks, room);
}

class LimitedPunt : public ::testing::TestWithParam<PuntClass> {};

TEST_P(LimitedPunt, GoesToTheKernelOnlySoOften) {
  RingWire wire;
  DataPlaneOptions options;
  options.neighbour = {1, 40};  // refilled by one in the second that the test may take
  options.other = {1, 40};
  Running running{{wire.spec("eth0")}, 1, options};
  for (unsigned i = 0; i < 200; ++i) wire.arrive(scripted_frame(punt_as(GetParam())));
  unsigned drained = 0;
  const bool limited = GetParam() == PuntClass::kNeighbour || GetParam() == PuntClass::kOther;
  EXPECT_TRUE(eventually([&] {
    running.plane().exchange().drain_all(taker_of(GetParam()), [&](const PuntedFrame&) { ++drained; });
    return drained + running.dropped(DropReason::kPuntLimited) == 200;
  }));
  if (limited) {
    EXPECT_GE(drained, 40U);
    EXPECT_LE(drained, 60U);
  } else {
    EXPECT_EQ(drained, 200U);
  }
}

INSTANTIATE_TEST_SUITE_P(EachClass, LimitedPunt,
                         ::testing::Values(PuntClass::kVrrp, PuntClass::kCheck, PuntClass::kNeighbour, PuntClass::kOther));

TEST(Worker, SleepsWhenIdleAndWakesAtTraffic) {
  RingWire wire;
  Running running{{wire.spec("eth0")}, 1};
  const auto& counters = running.plane().worker(0);
  for (std::uint16_t round = 0; round < 20; ++round) {
    const auto sleeps = counters.sleeps.get();
    ASSERT_TRUE(eventually([&] { return counters.sleeps.get() > sleeps; }));
    wire.arrive(scripted_frame(forward_to(0, round)));
    ASSERT_EQ(script_of(wire.wait_left().value())->sequence, round);
  }
}

TEST(Worker, NeverSleepsWhenToldToPoll) {
  RingWire wire;
  DataPlaneOptions options;
  options.idle = IdleMode::kPoll;
  Running running{{wire.spec("eth0")}, 1, options};
  const auto& counters = running.plane().worker(0);
  EXPECT_TRUE(eventually([&] { return counters.idle_loops.get() > 1'000'000; }));
  EXPECT_EQ(counters.sleeps.get(), 0U);
}

TEST(Worker, WithoutWorkItGivesItsForwarderMemoryUntilThatHasAll) {
  RingWire wire;
  Running running{{wire.spec("eth0")}, 1};
  EXPECT_TRUE(eventually([&] { return running.forwarder(0).populated == ScriptedForwarder::kPieces; }));
  const auto loops = running.plane().worker(0).idle_loops.get();
  EXPECT_TRUE(eventually([&] { return running.plane().worker(0).idle_loops.get() > loops + 2; }));
  EXPECT_EQ(running.forwarder(0).populated, ScriptedForwarder::kPieces);
}

TEST(Worker, TellsWhereItsCyclesGoWhenItIsAsked) {
  RingWire wire;
  Running running{{wire.spec("eth0")}, 1};
  auto& plane = running.plane();
  const auto cycles = [&](Stage stage) { return plane.stages(0).cycles(stage); };
  auto pass_one = [&, sequence = std::uint16_t{0}]() mutable {
    wire.arrive(scripted_frame(forward_to(0, sequence++)));
    return wire.wait_left().has_value();
  };
  ASSERT_TRUE(pass_one());
  EXPECT_EQ(cycles(Stage::kForward), 0U);
  plane.measure_stages(true);
  ASSERT_TRUE(eventually([&] { return pass_one() && cycles(Stage::kForward) > 0; }));
  for (const Stage stage : {Stage::kRings, Stage::kReceive, Stage::kSend, Stage::kMaintain}) EXPECT_GT(cycles(stage), 0U);
  EXPECT_GT(plane.worker(0).busy_cycles.get(), cycles(Stage::kForward));
}

TEST(Worker, GoesByThePublishedSnapshotAndTheOldOnesAreFreed) {
  RingWire wire;
  {
    Running running{{wire.spec("eth0")}, 2};
    auto& plane = running.plane();
    unsigned before = 1;
    for (unsigned i = 0; i < 500; ++i) {
      const auto stamp = static_cast<std::uint8_t>(2 + i % 200);
      plane.publish(std::make_unique<ScriptedSnapshot>(stamp));
      const bool all_freed = plane.reclaim() == 0;  // so each worker has begun a new loop since
      wire.arrive(scripted_frame(forward_to(0)));
      const auto frame = wire.wait_left();
      ASSERT_TRUE(frame);
      const unsigned seen = script_of(*frame)->stamp;
      // A loop that had begun may still go by the one before.
      ASSERT_TRUE(seen == stamp || (seen == before && !all_freed)) << seen << " instead of " << unsigned{stamp};
      before = stamp;
    }
    EXPECT_TRUE(eventually([&] { return plane.reclaim() == 0; })) << "an idle worker must not keep the old ones";
    EXPECT_EQ(ScriptedSnapshot::alive, 1);
    plane.publish(std::make_unique<ScriptedSnapshot>(std::uint8_t{1}));
  }
  EXPECT_EQ(ScriptedSnapshot::alive, 0);
}

TEST(Worker, StopsInTheMiddleOfTrafficWithoutLosingABuffer) {
  RingWire wire{{.receive_queues = 2, .transmit_queues = 2}};
  {
    Running running{{wire.spec("eth0")}, 2};
    for (std::uint16_t i = 0; i < 1000; ++i) {
      const auto queue = static_cast<std::uint8_t>(i % 2);
      wire.arrive(scripted_frame({.action = Action::kHandOver, .target = static_cast<std::uint8_t>(1 - queue), .then = 0}),
                  queue);
      wire.arrive(scripted_frame(punt_as(PuntClass::kCheck)), queue);
      (void)running.plane().exchange().inject(0, scripted_frame({}), Urgency::kBulk);
    }
  }
  // RingWire's destructor looks for lost buffers.
}

// First 20 frames are gathered, so that two full bursts come to a place that is not empty; then two more come to one that is.
TEST(Worker, SendsFullBurstsInTheirOrderWhateverIsGatheredBeforeThem) {
  RingWire first;
  RingWire second;
  Running running{{first.spec("eth0"), second.spec("eth1")}, 1};
  const auto frame = [](std::uint16_t sequence) {
    return scripted_frame({.action = Action::kForward, .target = 0, .sequence = sequence});
  };
  std::uint16_t sequence = 0;
  std::uint16_t seen = 0;
  for (const unsigned gathered : {20U, 0U}) {
    const auto received = running.plane().worker(0).received.get();
    running.forwarder(0).blocked = true;
    second.arrive(scripted_frame({.action = Action::kDrop}));  // the last queue of a loop
    ASSERT_TRUE(eventually([&] { return running.plane().worker(0).received.get() == received + 1; }));
    for (unsigned i = 0; i < gathered; ++i)
      ASSERT_TRUE(running.plane().exchange().inject(0, frame(sequence++), Urgency::kBulk));
    for (RingWire* const wire : {&first, &second}) {
      for (unsigned i = 0; i < core::kBurst; ++i) wire->arrive(frame(sequence++));
    }
    running.forwarder(0).blocked = false;
    while (seen < sequence) {
      const auto left = first.wait_left();
      ASSERT_TRUE(left);
      ASSERT_EQ(script_of(*left)->sequence, seen++);
    }
  }
}

TEST(DataPlane, HasAsManyWorkersAsEachPortHasTransmitQueues) {
  RingWire wide{{.receive_queues = 2, .transmit_queues = 2}};
  RingWire narrow;
  Running running{{wide.spec("eth0"), narrow.spec("eth1")}, 2};
  EXPECT_EQ(running.plane().ports().workers(), 1U);
  EXPECT_EQ(running.plane().ports()[0].receive_queues(), 1);
}

}  // namespace
}  // namespace penstock::dpdk::testing
