#include "control/netlink/interface_name.h"

#include <net/if.h>

#include <array>

namespace penstock::control {

std::string interface_text(int index) {
  std::array<char, IF_NAMESIZE> name{};
  if (if_indextoname(static_cast<unsigned>(index), name.data()) != nullptr) return name.data();
  return "interface " + std::to_string(index);
}

}  // namespace penstock::control
