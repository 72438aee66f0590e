// An address of either family from its text.
#pragma once

#include <string_view>

#include "dataplane/packet/ip_address.h"

namespace penstock::test {

[[nodiscard]] inline packet::IpAddress ip(std::string_view text) { return packet::IpAddress::parse(text).value(); }

}  // namespace penstock::test
