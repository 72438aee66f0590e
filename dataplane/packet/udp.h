// The UDP header, RFC 768.
#pragma once

#include <cstddef>

#include "dataplane/packet/big_endian.h"

namespace penstock::packet {

struct UdpHeader {
  Be16 source_port;
  Be16 destination_port;
  Be16 length;    // header and data, in bytes
  Be16 checksum;  // 0: the sender computed none (IPv4 only)
};
static_assert(sizeof(UdpHeader) == 8 && alignof(UdpHeader) == 1);
static_assert(offsetof(UdpHeader, destination_port) == 2 && offsetof(UdpHeader, length) == 4);
static_assert(offsetof(UdpHeader, checksum) == 6);

}  // namespace penstock::packet
