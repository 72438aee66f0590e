#include "dataplane/packet/drop_reason.h"

#include <array>

namespace penstock::packet {
namespace {

struct Words {
  std::string_view name;
  std::string_view text;
};

constexpr std::array<Words, kDropReasonCount> kWords{{
#define X(id, name, text) {name, text},
    PENSTOCK_DROP_REASONS(X)
#undef X
}};

}  // namespace

std::string_view name_of(DropReason reason) { return kWords.at(static_cast<std::size_t>(reason)).name; }
std::string_view describe(DropReason reason) { return kWords.at(static_cast<std::size_t>(reason)).text; }

}  // namespace penstock::packet
