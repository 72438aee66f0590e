// How publications follow requests. Bounds from below only: a slow machine makes them later, never sooner.
#include "control/daemon/publisher.h"

#include <gtest/gtest.h>

#include <ctime>
#include <vector>

namespace penstock::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Takes `time` of processor time.
void work(std::chrono::nanoseconds time) {
  const auto used = [] {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
  };
  for (const auto end = used() + time; used() < end;) {
  }
}

class PublisherTest : public ::testing::Test {
 protected:
  void run_until_published(std::uint64_t count) {
    const auto end = EventLoop::now() + seconds{20};
    Timer bound = loop.add_timer([] {});
    bound.start_once(seconds{20});
    while (publisher.count() < count && EventLoop::now() < end) loop.run_once();
    ASSERT_EQ(publisher.count(), count);
  }

  EventLoop loop;
  std::chrono::nanoseconds cost{0};
  Publisher publisher{loop, [this](Publisher::What what) {
                        published.push_back(what);
                        work(cost);
                      }};
  std::vector<Publisher::What> published;
};

TEST_F(PublisherTest, all_requests_of_a_turn_are_one_publication) {
  EXPECT_FALSE(publisher.is_due());
  publisher.request();
  publisher.request();
  EXPECT_EQ(publisher.count(), 0U);
  EXPECT_TRUE(publisher.is_due());
  run_until_published(1);
  EXPECT_FALSE(publisher.is_due());
  loop.run_once();
  EXPECT_EQ(publisher.count(), 1U);
}

TEST_F(PublisherTest, the_next_one_waits_four_times_what_the_last_one_cost) {
  cost = milliseconds{10};
  publisher.publish_now();
  const auto done = EventLoop::now();
  publisher.request();
  run_until_published(2);
  EXPECT_GE(EventLoop::now() - done, milliseconds{40});
}

TEST_F(PublisherTest, what_is_asked_for_outright_does_not_wait) {
  cost = milliseconds{10};
  publisher.publish_now();
  publisher.request();
  publisher.publish_now();
  EXPECT_EQ(publisher.count(), 2U);
}

TEST_F(PublisherTest, a_publication_is_measured_from_its_oldest_verdict) {
  const auto now = EventLoop::now();
  publisher.request_for_verdict(now - milliseconds{5});
  publisher.request_for_verdict(now - milliseconds{30});
  publisher.request_for_verdict(now - milliseconds{1});
  run_until_published(1);
  EXPECT_EQ(publisher.verdict_latency().publications, 1U);
  EXPECT_EQ(publisher.verdict_latency().slow, 1U);
  EXPECT_GE(publisher.verdict_latency().worst, milliseconds{30});
  EXPECT_EQ(publisher.verdict_latency().latest, publisher.verdict_latency().worst);
}

TEST_F(PublisherTest, rows_alone_are_published_when_only_verdicts_asked) {
  using enum Publisher::What;
  const auto now = EventLoop::now();
  publisher.request_for_verdict(now);
  run_until_published(1);
  publisher.request_for_verdict(now);
  publisher.request();
  publisher.request_for_verdict(now);
  run_until_published(2);
  publisher.request_for_verdict(now);
  publisher.publish_now();
  publisher.request_for_verdict(now);
  run_until_published(4);
  EXPECT_EQ(published, (std::vector{kRows, kAll, kAll, kRows}));
}

TEST_F(PublisherTest, what_no_verdict_asked_for_is_not_measured) {
  publisher.request_for_verdict(EventLoop::now());
  run_until_published(1);
  publisher.request();
  run_until_published(2);
  EXPECT_EQ(publisher.verdict_latency().publications, 1U);
}

}  // namespace
}  // namespace penstock::control
