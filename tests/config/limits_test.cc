// Hostile input: load() neither crashes nor throws nor runs on, whatever the bytes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <random>

#include "tests/config/load_text.h"
#include "tests/support/sanitized.h"

namespace penstock::config {
namespace {

using testing::Contains;
using testing::HasSubstr;

std::string repeat(const std::string& text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

TEST(Limits, ASequenceThatCountsToABillionEnds) {
  Limits limits;
  limits.lines = 10'000;
  EXPECT_THAT(findings(load_files({{"x.conf", "~SEQ(A, 1, 1000000000) ~SEQ(B, 1, 1000000000) x\n"}}, limits)),
              Contains(HasSubstr("grows beyond all bounds here")));
}

TEST(Limits, DefinitionsThatDoubleEachOtherEnd) {
  std::string text;
  for (char c = 'A'; c < 'Z'; ++c)
    text += std::string{"$"} + c + "=${" + static_cast<char>(c + 1) + "}${" + static_cast<char>(c + 1) + "}\n";
  EXPECT_THAT(findings(text + "$Z=\nglobal_defs {\nrouter_id ${A}\n}\n"), Contains(HasSubstr("is defined by itself")));
  EXPECT_THAT(findings(text + "$Z=zzzzzzzzzzzzzzzz\nglobal_defs {\nrouter_id ${A}\n}\n"),
              Contains(HasSubstr("longer than 65536 bytes")));
}

TEST(Limits, LinesThatDoubleEachOtherEnd) {
  Limits limits;
  limits.lines = 10'000;
  EXPECT_THAT(findings(load_files({{"x.conf", "$A= \\\n$A \\\n$A\n$A\n"}}, limits)), Contains(HasSubstr("error")));
}

TEST(Limits, AnIncludeTreeThatDoublesEnds) {
  Files files{{"x.conf", "include 0\ninclude 0\n"}};
  for (int i = 0; i < 30; ++i)
    files[std::to_string(i)] = "include " + std::to_string(i + 1) + "\ninclude " + std::to_string(i + 1) + "\n";
  Limits limits;
  limits.files = 100;
  EXPECT_THAT(findings(load_files(files, limits)), Contains(HasSubstr("more than 100 files")));
  EXPECT_THAT(findings(load_files({{"x.conf", "include 0\n"}, {"0", "include 1\n"}, {"1", "include 2\n"}, {"2", "x\n"}},
                                  {.include_depth = 2})),
              Contains(HasSubstr("include within include: deeper than 2")));
}

TEST(Limits, LargeLinesAndDeepBracesEnd) {
  constexpr std::size_t kMany = test::kIsSanitized ? 5'000 : 100'000;
  EXPECT_FALSE(load_text(std::string(30 * kMany, '{')).model.has_value());
  EXPECT_FALSE(load_text(repeat("a { ", kMany)).model.has_value());
  EXPECT_FALSE(load_text(repeat("a {\n", kMany) + repeat("}\n", 2 * kMany)).model.has_value());
  EXPECT_FALSE(load_text(std::string(30 * kMany, 'x')).model.has_value());
  EXPECT_FALSE(load_text("global_defs {\nrouter_id \"" + repeat("\\", 10 * kMany + 1) + "\n}\n").model.has_value());
}

TEST(Limits, ALargeFileIsReadWhole) {
  constexpr int kServers = 20'000;
  std::string text = "virtual_server 10.0.0.1 80 {\n    lb_kind DR\n    protocol TCP\n";
  for (int i = 0; i < kServers; ++i) {
    text += "    real_server 10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1) +
            " 80 {\n        weight 2\n    }\n";
  }
  const LoadResult result = load_text(text + "}\n");
  ASSERT_TRUE(result.model.has_value());
  EXPECT_EQ(result.model->virtual_servers.at(0).real_servers.size(), static_cast<std::size_t>(kServers));
}

// The how-to's file with bytes changed, lost, doubled and exchanged, thousands of times from a fixed seed.
TEST(Limits, ADamagedFileIsReadOrRefusedButNeverMore) {
  constexpr int kRounds = test::kIsSanitized ? 600 : 3000;
  std::ifstream file{std::string{PENSTOCK_TEST_DATA} + "/howto-master.conf"};
  const std::string original{std::istreambuf_iterator<char>{file}, {}};
  ASSERT_FALSE(original.empty());
  std::mt19937 random{2026};
  const std::string spices = "{}\n\"'#!$~@\\ \t/=()" + std::string{"\0\xff", 2};
  int refused = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::string text = original;
    for (unsigned changes = random() % 4 + 1; changes != 0; --changes) {
      const std::size_t at = random() % text.size();
      switch (random() % 4) {
        case 0: text[at] = spices[random() % spices.size()]; break;
        case 1: text.erase(at, random() % 8 + 1); break;
        case 2: text.insert(at, 1, spices[random() % spices.size()]); break;
        default: text.insert(at, text.substr(random() % text.size(), random() % 60)); break;
      }
    }
    const LoadResult result = load_text(text);
    for (const Diagnostic& diagnostic : result.diagnostics) ASSERT_FALSE(render(diagnostic, result.sources).empty());
    refused += result.model.has_value() ? 0 : 1;
  }
  EXPECT_GT(refused, kRounds / 10);
}

}  // namespace
}  // namespace penstock::config
