#include "sync/refusal.h"

#include <array>

namespace penstock::sync {
namespace {

struct Words {
  std::string_view name;
  RefusalScope scope;
  std::string_view text;
};

using enum RefusalScope;
constexpr std::array<Words, kRefusalCount> kWords{{
#define X(id, name, scope, text) {name, scope, text},
    PENSTOCK_SYNC_REFUSALS(X)
#undef X
}};

}  // namespace

RefusalScope scope_of(Refusal refusal) { return kWords.at(static_cast<std::size_t>(refusal)).scope; }
std::string_view name_of(Refusal refusal) { return kWords.at(static_cast<std::size_t>(refusal)).name; }
std::string_view describe(Refusal refusal) { return kWords.at(static_cast<std::size_t>(refusal)).text; }

}  // namespace penstock::sync
