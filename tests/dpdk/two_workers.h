// What the tests of two workers share: a port of two queues, a worker on its own thread for each, and a balance at the end of
// each test: every frame has become exactly one thing.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <vector>

#include "tests/dpdk/steered_plane.h"
#include "tests/support/rows_words.h"

namespace penstock::dpdk::testing {

// The place that the three servers' situation leaves free.
inline constexpr unsigned kFourth = 3;

// With two workers, and tables that don't fill.
[[nodiscard]] test::Situation for_two(test::Situation situation);
// To which server a frame left; nullopt: to none of them.
[[nodiscard]] std::optional<unsigned> server_of(const test::Bytes& frame);

class TwoWorkers : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { plane_ = std::make_unique<SteeredPlane>(1); }
  static void TearDownTestSuite() { plane_.reset(); }
  void SetUp() override { plane_->begin(for_two(test::three_servers())); }
  void TearDown() override;

  static void arrive(const test::Bytes& frame, unsigned queue) { plane_->arrive(frame, 0, queue); }
  // Takes what has come out, and counts it for the end's balance.
  std::vector<Departure> take_departures();
  std::vector<ToKernel> take_punted();
  // The one frame that has left after all that has come.
  std::optional<Departure> only_departure();
  // A new connection by this queue. @return its server.
  unsigned connect(const test::Side& side, std::uint16_t client_port, unsigned queue);

  static inline std::unique_ptr<SteeredPlane> plane_;
  std::uint64_t left_ = 0;
  std::uint64_t punted_ = 0;
};

}  // namespace penstock::dpdk::testing
