// Serving an event loop until something holds, with a bound far beyond anything that is waited for.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>

#include "control/loop/event_loop.h"

namespace penstock::test {

// Looks every few milliseconds, too, for what no event of the loop tells. Fails the test after `bound`.
inline void wait_until(control::EventLoop& loop, const std::string& what, const std::function<bool()>& condition,
                       std::chrono::seconds bound = std::chrono::seconds{10}) {
  const auto deadline = control::EventLoop::now() + bound;
  control::Timer tick = loop.add_timer([] {});
  tick.start_every(std::chrono::milliseconds{5});
  while (!condition() && control::EventLoop::now() < deadline) loop.run_once();
  EXPECT_TRUE(condition()) << "not within " << bound.count() << " seconds: " << what;
}

}  // namespace penstock::test
