// Keys of connections for tests of tables.
#pragma once

#include <cstdint>

#include "dataplane/core/connection.h"

namespace penstock::core {

// The n-th of many different keys, none of them free.
inline ConnectionKey4 nth_key(std::uint64_t n, ConnectionKey4 /*kind*/) {
  return {packet::Ipv4Address{static_cast<std::uint32_t>(n >> 16)}, static_cast<std::uint16_t>(n), VirtualId{1}};
}
inline ConnectionKey6 nth_key(std::uint64_t n, ConnectionKey6 /*kind*/) {
  packet::Ipv6Address address;
  for (std::size_t i = 0; i < 8; ++i) address.bytes[15 - i] = static_cast<std::uint8_t>(n >> (8 * i));
  return {address, 1000, VirtualId{7}};
}

}  // namespace penstock::core
