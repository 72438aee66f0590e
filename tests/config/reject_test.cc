#include "tests/config/reject_test.h"

namespace penstock::config {

TEST_P(Reject, SaysWhereAndWhatAndGivesNoModel) {
  const LoadResult result = load_text(GetParam().text);
  EXPECT_THAT(findings(result), testing::ElementsAreArray(GetParam().expected));
  EXPECT_FALSE(result.model.has_value());
}

}  // namespace penstock::config
