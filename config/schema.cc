#include "config/schema.h"

#include <algorithm>
#include <set>

namespace penstock::config {
namespace {

// Calls `visit(block, keyword)` for every keyword of a block and of the blocks within, each block once.
template <typename Visit>
void for_each_keyword(const Block& block, std::set<const Block*>& seen, const Visit& visit) {
  if (!seen.insert(&block).second) return;
  for (const Keyword& keyword : block.keywords) {
    visit(block, keyword);
    if (keyword.block != nullptr) for_each_keyword(*keyword.block, seen, visit);
  }
}

}  // namespace

const Keyword* Block::find(std::string_view word) const {
  const auto found =
      std::find_if(keywords.begin(), keywords.end(), [word](const Keyword& keyword) { return keyword.name == word; });
  return found == keywords.end() ? nullptr : &*found;
}

std::vector<std::string_view> blocks_with(std::string_view word) {
  std::set<std::string_view> names;
  std::set<const Block*> seen;
  for_each_keyword(root_block(), seen, [&](const Block& block, const Keyword& keyword) {
    if (keyword.name == word) names.insert(block.name);
  });
  return {names.begin(), names.end()};
}

std::vector<std::string_view> all_keywords() {
  std::set<std::string_view> names;
  std::set<const Block*> seen;
  for_each_keyword(root_block(), seen, [&](const Block&, const Keyword& keyword) { names.insert(keyword.name); });
  return {names.begin(), names.end()};
}

}  // namespace penstock::config
