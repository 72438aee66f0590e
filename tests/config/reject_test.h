// A wrong input, and every finding that it must give: exactly these, in this order.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "tests/config/load_text.h"

namespace penstock::config {

struct RejectRow {
  const char* name;
  std::string text;
  std::vector<std::string> expected;

  friend void PrintTo(const RejectRow& row, std::ostream* out) { *out << row.name; }
};

class Reject : public testing::TestWithParam<RejectRow> {};

inline std::string row_name(const testing::TestParamInfo<RejectRow>& info) { return info.param.name; }

}  // namespace penstock::config
