// The quick comparison of a bucket's keys against the plain one.
#include "dataplane/core/bucket_match.h"

#include <gtest/gtest.h>

#include <random>

#include "dataplane/core/connection.h"
#include "tests/support/seed.h"

namespace penstock::core {
namespace {

// Four keys whose halves differ by one bit, so that many of a bucket are equal or nearly so.
class Keys {
 public:
  explicit Keys(std::mt19937_64& random)
      : random_{random}, low_{static_cast<std::uint32_t>(random())}, high_{static_cast<std::uint32_t>(random())} {}
  Connection4::Key draw() {
    const std::uint32_t low = random_() % 2 == 0 ? low_ : low_ ^ bit_;
    const std::uint32_t high = random_() % 2 == 0 ? high_ : high_ ^ bit_;
    return std::bit_cast<Connection4::Key>(std::uint64_t{high} << 32 | low);
  }

 private:
  std::mt19937_64& random_;
  std::uint32_t low_;
  std::uint32_t high_;
  std::uint32_t bit_ = 1U << random_() % 32;
};

TEST(BucketMatch, IsWhatComparingOneByOneFinds) {
  std::mt19937_64 random{test::seed()};
  unsigned found = 0;  // the answers that have come, a bit each
  for (int round = 0; round < 100'000; ++round) {
    Keys keys{random};
    alignas(64) std::array<Connection4, 4> slots;
    // What stands behind the keys must not matter.
    for (Connection4& slot : slots) {
      slot = std::bit_cast<Connection4>(std::array{random(), random()});
      slot.key = keys.draw();
    }
    const Connection4::Key wanted = keys.draw();
    const unsigned matches = matching(slots, wanted);
    ASSERT_EQ(matches, matching_one_by_one(slots, wanted)) << "round " << round;
    for (unsigned i = 0; i < 4; ++i) ASSERT_EQ((matches >> i & 1U) != 0, slots[i].key == wanted) << "round " << round;
    found |= 1U << matches;
  }
  EXPECT_EQ(found, 0xffffU);
}

}  // namespace
}  // namespace penstock::core
