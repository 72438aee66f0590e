#include "control/loop/turn_statistics.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "control/loop/event_loop.h"

namespace penstock::control {
namespace {

using namespace std::chrono_literals;
using TimePoint = TurnRecorder::TimePoint;

const TimePoint kStart{100h};

TEST(TurnRecorder, KeepsTheLongestTurnForEverAndAMinuteLong) {
  TurnRecorder recorder{kStart};
  recorder.add(kStart + 1s, kStart + 1s + 30ms);
  recorder.add(kStart + 2s, kStart + 2s + 5ms);
  TurnStatistics read = recorder.read(kStart + 3s);
  EXPECT_EQ(read.turns, 2U);
  EXPECT_EQ(read.worst, 30ms);
  EXPECT_EQ(read.worst_lately, 30ms);

  recorder.add(kStart + 55s, kStart + 55s + 7ms);
  EXPECT_EQ(recorder.read(kStart + 59s).worst_lately, 30ms);
  read = recorder.read(kStart + 60s);  // the first ten seconds are out
  EXPECT_EQ(read.worst_lately, 7ms);
  EXPECT_EQ(read.worst, 30ms);

  recorder.add(kStart + 61s, kStart + 61s + 2ms);  // in the slot of the first turns
  EXPECT_EQ(recorder.read(kStart + 62s).worst_lately, 7ms);
  EXPECT_EQ(recorder.read(kStart + 115s).worst_lately, 2ms);
  EXPECT_EQ(recorder.read(kStart + 1h).worst_lately, 0ms);
  EXPECT_EQ(recorder.read(kStart + 1h).turns, 4U);
}

TEST(TurnRecorder, TellsTheShareOfTheTimeThatWasBusy) {
  TurnRecorder recorder{kStart};
  EXPECT_EQ(recorder.read(kStart).busy_lately, 0);
  recorder.add(kStart, kStart + 1s);
  EXPECT_DOUBLE_EQ(recorder.read(kStart + 4s).busy_lately, 0.25);
  recorder.add(kStart + 65s, kStart + 66s);
  EXPECT_DOUBLE_EQ(recorder.read(kStart + 60s + 10s).busy_lately, 1.0 / 50);  // 20 s to 70 s
}

TEST(EventLoopTurns, CountTheWorkAndNotTheWaiting) {
  EventLoop loop;
  int calls = 0;
  Timer timer = loop.add_timer([&] {
    if (++calls == 2) loop.stop();
  });
  timer.start_every(300ms);
  loop.run();
  const TurnStatistics read = loop.turns();
  EXPECT_GE(read.turns, 2U);
  EXPECT_GT(read.worst, 0ns);
  EXPECT_LT(read.worst, 300ms) << "it waited twice that long";
}

TEST(EventLoopTurns, HoldWhatAllCallbacksOfATurnTook) {
  EventLoop loop;
  const Wakeup wakeup = loop.add_wakeup([&] { std::this_thread::sleep_for(20ms); });
  Timer timer = loop.add_timer([&] { std::this_thread::sleep_for(15ms); });
  timer.start_once(0ms);
  wakeup.send();
  loop.run_once();
  while (timer.is_active()) loop.run_once();
  EXPECT_GE(loop.turns().worst, 20ms);
  EXPECT_GT(loop.turns().busy_lately, 0.0);
}

// Under a load of timers the descriptors must still be served: each check that is due would be started, and no answer read.
TEST(EventLoopTurns, EndAlthoughTimersKeepBecomingDue) {
  EventLoop loop;
  int fired = 0;
  std::vector<Timer> timers(3);
  for (Timer& timer : timers) {
    timer = loop.add_timer([&] {
      ++fired;
      std::this_thread::sleep_for(2ms);
      timer.start_once(0ms);
    });
    timer.start_once(0ms);
  }
  bool is_heard = false;
  const Wakeup wakeup = loop.add_wakeup([&] {
    is_heard = true;
    loop.stop();
  });
  wakeup.send();
  loop.run();
  EXPECT_TRUE(is_heard);
  EXPECT_LE(fired, 6);
}

}  // namespace
}  // namespace penstock::control
