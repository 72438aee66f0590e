#include "control/director/rate_estimator.h"

#include <gtest/gtest.h>

namespace penstock::control {
namespace {

TEST(RateEstimator, IsZeroBeforeAnythingHasPassed) {
  RateEstimator estimator;
  estimator.feed({});
  EXPECT_EQ(estimator.rates(), Traffic{});
}

TEST(RateEstimator, MovesAQuarterOfTheWayInEachPeriod) {
  RateEstimator estimator;
  estimator.feed({.connections = 200, .packets = 2000, .bytes = 200000});  // 100, 1000 and 100000 a second
  EXPECT_EQ(estimator.rates(), (Traffic{.connections = 25, .packets = 250, .bytes = 25000}));
  estimator.feed({.connections = 400, .packets = 4000, .bytes = 400000});
  EXPECT_EQ(estimator.rates(), (Traffic{.connections = 44, .packets = 437, .bytes = 43750}));
}

TEST(RateEstimator, ReachesASteadyRateAndFallsBackToZero) {
  RateEstimator estimator;
  Traffic total;
  for (int period = 0; period < 100; ++period) {
    total += {.connections = 20, .packets = 600, .bytes = 9000};
    estimator.feed(total);
  }
  EXPECT_EQ(estimator.rates(), (Traffic{.connections = 10, .packets = 300, .bytes = 4500}));
  for (int period = 0; period < 100; ++period) estimator.feed(total);
  EXPECT_EQ(estimator.rates(), Traffic{});
}

}  // namespace
}  // namespace penstock::control
