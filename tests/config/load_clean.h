// Loads configuration from memory in which nothing may be found.
#pragma once

#include <gmock/gmock.h>

#include <string>

#include "config/model.h"
#include "tests/config/load_text.h"

namespace penstock::config {

inline Model load_clean(const std::string& text) {
  const LoadResult result = load_text(text);
  EXPECT_THAT(findings(result), testing::IsEmpty()) << text;
  return result.model.value_or(Model{});
}

inline vrrp::RouterSpec load_router(const std::string& text) { return load_clean(text).vrrp; }

}  // namespace penstock::config
