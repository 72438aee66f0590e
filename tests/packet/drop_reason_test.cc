#include "dataplane/packet/drop_reason.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string_view>

namespace penstock::packet {
namespace {

TEST(DropReason, EachHasAUniqueNameInSnakeCaseAndASentence) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kDropReasonCount; ++i) {
    const auto reason = static_cast<DropReason>(i);
    EXPECT_TRUE(names.insert(name_of(reason)).second) << name_of(reason);
    EXPECT_TRUE(std::ranges::all_of(name_of(reason), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    })) << name_of(reason);
    EXPECT_FALSE(describe(reason).empty()) << name_of(reason);
  }
}

TEST(DropReason, NamesAreAPublicContract) {
  EXPECT_EQ(name_of(DropReason::kFrameTruncated), "frame_truncated");
  EXPECT_EQ(name_of(DropReason::kIpv4BadChecksum), "ipv4_bad_checksum");
  EXPECT_EQ(name_of(DropReason::kPuntLimited), "punt_limited");
}

}  // namespace
}  // namespace penstock::packet
