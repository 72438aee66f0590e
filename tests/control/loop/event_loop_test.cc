#include "control/loop/event_loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>
#include <vector>

namespace penstock::control {
namespace {

using namespace std::chrono_literals;

struct SocketPair {
  SocketPair() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0); }
  ~SocketPair() {
    close(fds[0]);
    close(fds[1]);
  }
  SocketPair(const SocketPair&) = delete;
  SocketPair& operator=(const SocketPair&) = delete;
  int fds[2]{-1, -1};
};

TEST(EventLoop, AWatchThatTheKernelRefusesIsAnErrorWhereOneWasAskedFor) {
  EventLoop loop;
  const int file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);  // epoll takes no regular files
  ASSERT_GE(file, 0);
  const auto watch = loop.try_add_fd(file, {.readable = true}, [](FdEvents) {});
  ASSERT_FALSE(watch.has_value());
  EXPECT_EQ(watch.error(), std::errc::operation_not_permitted);
  EXPECT_THROW(static_cast<void>(loop.add_fd(file, {.readable = true}, [](FdEvents) {})), std::runtime_error);
  close(file);
}

TEST(EventLoop, EndsByItselfWhenNothingCanEverHappen) {
  EventLoop loop;
  loop.run();
}

TEST(EventLoop, ReportsReadableUntilTheBytesAreTaken) {
  EventLoop loop;
  SocketPair pair;
  int calls = 0;
  FdWatch watch = loop.add_fd(pair.fds[0], {.readable = true}, [&](FdEvents seen) {
    EXPECT_TRUE(seen.readable);
    EXPECT_FALSE(seen.writable);
    if (++calls < 3) return;  // the byte stays: level-triggered means that we hear of it again
    char byte = 0;
    EXPECT_EQ(read(pair.fds[0], &byte, 1), 1);
    loop.stop();
  });
  ASSERT_EQ(write(pair.fds[1], "x", 1), 1);
  loop.run();
  EXPECT_EQ(calls, 3);
}

TEST(EventLoop, ChangesWhatADescriptorIsWatchedFor) {
  EventLoop loop;
  SocketPair pair;
  std::vector<FdEvents> seen;
  FdWatch watch = loop.add_fd(pair.fds[0], {.readable = true}, [&](FdEvents events) {
    seen.push_back(events);
    watch.set_events({});
    loop.stop();
  });
  watch.set_events({.writable = true});
  loop.run();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0], (FdEvents{.writable = true}));

  ASSERT_EQ(write(pair.fds[1], "x", 1), 1);
  loop.run();  // paused: nothing is left to wait for
  EXPECT_EQ(seen.size(), 1U);
}

TEST(EventLoop, GoesOnWatchingADescriptorAfterItsError) {
  EventLoop loop;
  SocketPair pair;
  // The peer of a stream socket goes away with our bytes unread, so ours has ECONNRESET pending.
  ASSERT_EQ(write(pair.fds[0], "x", 1), 1);
  int errors = 0;
  FdWatch watch = loop.add_fd(pair.fds[0], {.readable = true}, [&](FdEvents seen) {
    errors += seen.error ? 1 : 0;
    char byte = 0;
    if (seen.error) {
      EXPECT_EQ(read(pair.fds[0], &byte, 1), -1);  // takes the error
      return;
    }
    EXPECT_EQ(read(pair.fds[0], &byte, 1), 0);  // and the end of the stream is still reported
    loop.stop();
  });
  close(pair.fds[1]);
  pair.fds[1] = -1;
  loop.run();
  EXPECT_EQ(errors, 1);
}

TEST(EventLoop, TimersFireInTheOrderOfTheirTimes) {
  EventLoop loop;
  std::vector<int> order;
  Timer third = loop.add_timer([&] {
    order.push_back(3);
    loop.stop();
  });
  Timer second = loop.add_timer([&] { order.push_back(2); });
  Timer first = loop.add_timer([&] { order.push_back(1); });
  Timer stopped = loop.add_timer([&] { order.push_back(99); });
  third.start_once(30ms);
  second.start_once(15ms);
  first.start_once(0ms);
  stopped.start_once(1ms);
  stopped.stop();
  EXPECT_FALSE(stopped.is_active());
  EXPECT_TRUE(first.is_active());
  loop.run();
  EXPECT_EQ(order, (std::vector{1, 2, 3}));
  EXPECT_FALSE(third.is_active());
}

TEST(EventLoop, ARepeatingTimerGoesOnUntilItIsStopped) {
  EventLoop loop;
  int calls = 0;
  Timer timer = loop.add_timer([&] {
    if (++calls == 5) timer.stop();
  });
  timer.start_every(1ms);
  loop.run();  // ends by itself: the stopped timer can't call any more
  EXPECT_EQ(calls, 5);
}

TEST(EventLoop, ATimerIsNeverShorterThanItsDelayInWholeMilliseconds) {
  EventLoop loop;
  const auto start = EventLoop::now();
  EventLoop::Clock::time_point fired;
  Timer timer = loop.add_timer([&] { fired = EventLoop::now(); });
  timer.start_once(19'000'001ns);  // rounds up to 20 ms
  loop.run();
  EXPECT_GT(fired - start, 19ms);
}

TEST(EventLoop, ACallbackMayDestroyItsOwnHandle) {
  EventLoop loop;
  SocketPair pair;
  ASSERT_EQ(write(pair.fds[1], "x", 1), 1);
  const auto owned_by_callback = std::make_shared<int>(7);
  int sum = 0;
  FdWatch watch;
  watch = loop.add_fd(pair.fds[0], {.readable = true}, [&, owned_by_callback](FdEvents) {
    watch.reset();
    sum += *owned_by_callback;  // what the callback holds outlives the handle until it returns
  });
  Timer timer = loop.add_timer([&, owned_by_callback] {
    timer.reset();
    sum += *owned_by_callback;
  });
  timer.start_once(1ms);
  loop.run();
  EXPECT_EQ(sum, 14);
  EXPECT_FALSE(watch);
  EXPECT_EQ(owned_by_callback.use_count(), 1);
}

TEST(EventLoop, ADestroyedWatchIsNotCalledForWhatWasAlreadyPending) {
  EventLoop loop;
  SocketPair one;
  SocketPair two;
  ASSERT_EQ(write(one.fds[1], "x", 1), 1);
  ASSERT_EQ(write(two.fds[1], "x", 1), 1);
  int calls = 0;
  FdWatch first;
  FdWatch second;
  const auto end_both = [&](FdEvents) {
    ++calls;
    first.reset();
    second.reset();
  };
  first = loop.add_fd(one.fds[0], {.readable = true}, end_both);
  second = loop.add_fd(two.fds[0], {.readable = true}, end_both);
  loop.run();
  EXPECT_EQ(calls, 1);
}

TEST(EventLoop, SignalsArriveInTheLoop) {
  EventLoop loop;
  int calls = 0;
  SignalWatch watch = loop.add_signal(SIGUSR1, [&] {
    ++calls;
    loop.stop();
  });
  ASSERT_EQ(raise(SIGUSR1), 0);
  EXPECT_EQ(calls, 0);  // not in signal context
  loop.run();
  EXPECT_EQ(calls, 1);
}

TEST(EventLoop, AnotherThreadWakesTheLoop) {
  EventLoop loop;
  std::thread::id called_in;
  Wakeup wakeup = loop.add_wakeup([&] {
    called_in = std::this_thread::get_id();
    loop.stop();
  });
  std::thread other{[&] { wakeup.send(); }};
  loop.run();
  other.join();
  EXPECT_EQ(called_in, std::this_thread::get_id());
}

// A realtime thread on the sender's own processor, as VRRP's may be: it has the processor from the moment at which it is woken.
TEST(EventLoop, ALoopOfHigherPriorityNeedsNothingMoreOfTheSenderThatItHasPreempted) {
  constexpr unsigned kRounds = 5;
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
  EventLoop loop;
  std::atomic<unsigned> woken{0};
  std::atomic<unsigned> returned{0};  // sends
  std::atomic<unsigned> woken_within_send{0};
  Wakeup wakeup = loop.add_wakeup([&] {
    if (returned == woken++) ++woken_within_send;
    if (woken == kRounds) loop.stop();
  });
  std::thread other{[&] {  // on the same processor
    const sched_param lowest{.sched_priority = sched_get_priority_min(SCHED_RR)};
    EXPECT_EQ(pthread_setschedparam(pthread_self(), SCHED_RR, &lowest), 0) << "needs the right to realtime priorities";
    loop.run();
  }};
  for (unsigned round = 1; round <= kRounds; ++round) {
    wakeup.send();
    ++returned;
    while (woken < round) std::this_thread::yield();
  }
  other.join();
  EXPECT_GT(woken_within_send, 0U) << "each time it waited for the sender";
  ASSERT_EQ(sched_setaffinity(0, sizeof(before), &before), 0);
}

TEST(EventLoop, RunOnceServesWhatIsReady) {
  EventLoop loop;
  int calls = 0;
  Timer timer = loop.add_timer([&] { ++calls; });
  timer.start_every(1ms);
  while (calls < 3) loop.run_once();
  EXPECT_EQ(calls, 3);
}

TEST(EventLoop, RunOnceReturnsAfterATimerAlthoughAnotherIsFarAway) {
  EventLoop loop;
  bool is_called = false;
  Timer near = loop.add_timer([&] { is_called = true; });
  Timer far = loop.add_timer([] {});
  far.start_once(1h);
  near.start_once(0ms);
  while (!is_called) loop.run_once();  // would take an hour otherwise
  EXPECT_TRUE(far.is_active());
}

TEST(EventLoop, MayEndWithAStopThatNobodySaw) {
  EventLoop loop;
  Timer timer = loop.add_timer([] {});
  loop.stop();
}

TEST(EventLoopDeathTest, RefusesToEndBeforeItsHandles) {
  EXPECT_DEATH(
      {
        Timer timer;
        EventLoop loop;
        timer = loop.add_timer([] {});
        timer.start_once(1h);
      },
      "destroyed before its handles");
}

}  // namespace
}  // namespace penstock::control
