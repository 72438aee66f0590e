// Cuts a test frame into IP fragments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tests/support/hex.h"

namespace penstock::test {

// Cuts the IP packet of `frame` into fragments of at most `data` bytes each (a multiple of 8), as a router or, for IPv6 (whose
// packet must have no extension header), the sender would. The frames keep the Ethernet header and VLAN tags.
[[nodiscard]] std::vector<Bytes> fragments_of(std::span<const std::byte> frame, std::size_t data, std::uint32_t identification);

}  // namespace penstock::test
