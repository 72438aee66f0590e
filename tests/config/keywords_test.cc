// keepalived's own list of words against the tables: none is missing, and none is ever called unknown.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <set>

#include "config/schema.h"
#include "tests/config/load_text.h"

namespace penstock::config {
namespace {

std::vector<std::string> words_of_keepalived() {
  std::ifstream file{std::string{PENSTOCK_TEST_DATA} + "/keepalived-2.3.4-keywords.txt"};
  std::vector<std::string> words;
  for (std::string word; file >> word;) words.push_back(word);
  return words;
}

void for_each_block(const Block& block, std::set<const Block*>& seen, const std::function<void(const Block&)>& visit) {
  if (!seen.insert(&block).second) return;
  visit(block);
  for (const Keyword& keyword : block.keywords) {
    if (keyword.block != nullptr) for_each_block(*keyword.block, seen, visit);
  }
}

TEST(Keywords, EveryWordOfKeepalivedIsInATable) {
  const std::vector<std::string> words = words_of_keepalived();
  ASSERT_EQ(words.size(), 355U);
  const std::vector<std::string_view> known = all_keywords();
  for (const std::string& word : words) EXPECT_TRUE(std::binary_search(known.begin(), known.end(), word)) << word;
}

TEST(Keywords, NoWordOfKeepalivedIsCalledUnknownWhereverItStands) {
  for (const std::string& word : words_of_keepalived()) {
    for (const std::string& text :
         {word + " 1\n", in_global(word), in_service(word), in_real_server(word), in_instance(word)}) {
      for (const std::string& finding : findings(text))
        EXPECT_THAT(finding, testing::Not(testing::HasSubstr("is unknown"))) << text;
    }
  }
}

TEST(Keywords, EachWordStandsOnceInItsBlockAndSaysWhyItIsRefusedOrHasNoEffect) {
  std::set<const Block*> seen;
  for_each_block(root_block(), seen, [](const Block& block) {
    std::set<std::string_view> names;
    for (const Keyword& keyword : block.keywords) {
      EXPECT_TRUE(names.insert(keyword.name).second) << block.name << " " << keyword.name;
      const bool reason = keyword.effect == Effect::kRefused || keyword.effect == Effect::kNothing;
      EXPECT_EQ(!keyword.why.empty(), reason) << block.name << " " << keyword.name;
      EXPECT_LE(keyword.arguments.required, keyword.arguments.count) << keyword.name;
      EXPECT_LE(keyword.arguments.count, keyword.arguments.items.size()) << keyword.name;
    }
  });
  EXPECT_GT(seen.size(), 40U);
}

TEST(Keywords, EveryRefusedWordIsAnErrorByItsName) {
  std::set<const Block*> seen;
  for_each_block(root_block(), seen, [](const Block& block) {
    for (const Keyword& keyword : block.keywords) {
      if (keyword.effect != Effect::kRefused) continue;
      std::string statement{keyword.name};
      statement += keyword.block != nullptr ? " G {\n}\n" : " x\n";
      const std::string text = block.name == "vrrp_instance"     ? in_instance(statement)
                               : block.name == "vrrp_sync_group" ? "vrrp_sync_group G {\n" + statement + "}\n"
                               : block.name == "virtual_server"  ? in_service(statement)
                               : block.name == "real_server"     ? in_real_server(statement)
                                                                 : statement;
      const std::string expected =
          "\"" + std::string{keyword.name} + "\" is not supported yet: it would change " + std::string{keyword.why};
      EXPECT_THAT(findings(text), testing::Contains(testing::HasSubstr(expected)));
    }
  });
}

}  // namespace
}  // namespace penstock::config
