// Who gives way, judged four at a time, against the plain judgement of one after the other.
#include "dataplane/core/eviction.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>

#include "tests/support/seed.h"

namespace penstock::core {
namespace {

// Full of whatever else stands in an entry. Times lie around `now` and around the moment from which on a half-open connection
// is abandoned, and most are one of a few, so that ranks are often equal.
class Buckets {
 public:
  explicit Buckets(std::mt19937_64& random) : random_{random}, now_{static_cast<Tick>(random())} {}

  [[nodiscard]] Tick now() const { return now_; }
  std::array<Connection4, 4> draw() {
    std::array<Connection4, 4> slots;
    for (Connection4& slot : slots) {
      slot = std::bit_cast<Connection4>(std::array{random_() | 1, random_()});
      if (random_() % 2 == 0) slot.state = ConnectionState::kSynReceived;
      if (random_() % 4 != 0) slot.counts_as_active = 1;
      constexpr Tick kAbandonedAt = to_ticks(kSynReceivedTimeout - kAnswersWithin);
      slot.expires = now_ + (random_() % 2 == 0 ? kAbandonedAt : 0) + static_cast<Tick>(random_() % 5) - 2;
      if (random_() % 8 == 0) slot.expires = now_ + static_cast<Tick>(random_() % to_ticks(kMaxTimeout));
    }
    return slots;
  }

 private:
  std::mt19937_64& random_;
  Tick now_;
};

TEST(Eviction, TheFirstToGoIsTheOneThatJudgingOneByOneFinds) {
  std::mt19937_64 random{test::seed()};
  std::array<unsigned, 9> found{};
  for (int round = 0; round < 100'000; ++round) {
    Buckets buckets{random};
    alignas(64) const auto first = buckets.draw();
    alignas(64) const auto second = buckets.draw();
    const unsigned position = first_to_go(first, second, buckets.now());
    ASSERT_EQ(position, first_to_go_one_by_one(first, second, buckets.now())) << "round " << round;
    ++found.at(position);
  }
  for (const unsigned times : found) EXPECT_GT(times, 0U);
}

TEST(Eviction, RanksAreInOrder) {
  constexpr Tick kNow = 0xffff'fff0;  // ticks go round
  const auto rank = [](ConnectionState state, bool is_active, std::chrono::seconds left) {
    const Connection4 entry{.key = {},
                            .server = ServerId{1},
                            .state = state,
                            .counts_as_active = is_active ? std::uint8_t{1} : std::uint8_t{0},
                            .expires = kNow + to_ticks(left)};
    return rank_of(entry, kNow);
  };
  using enum ConnectionState;
  using std::chrono::seconds;
  const std::array ascending{rank(kSynReceived, true, seconds{10}),
                             rank(kSynReceived, true, kSynReceivedTimeout - kAnswersWithin), rank(kTimeWait, false, seconds{1}),
                             rank(kUdp, false, kMaxTimeout)};
  EXPECT_EQ(std::ranges::adjacent_find(ascending, std::ranges::greater_equal{}), ascending.end());
  for (const std::int32_t each : ascending) EXPECT_LT(each, kStays);
  EXPECT_EQ(rank(kSynReceived, true, kSynReceivedTimeout - kAnswersWithin + seconds{1}), kStays);
  EXPECT_EQ(rank(kEstablished, true, seconds{1}), kStays);
}

}  // namespace
}  // namespace penstock::core
