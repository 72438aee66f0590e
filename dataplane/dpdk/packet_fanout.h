// See packet_fanout.cc, which also defines setsockopt() for the whole executable.
#pragma once

namespace penstock::dpdk {

// The argument of PACKET_FANOUT (packet(7)) without the flags for reassembly and for moving flows of a full socket.
[[nodiscard]] int plain_fanout(int argument);

}  // namespace penstock::dpdk
