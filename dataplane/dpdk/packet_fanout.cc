// Keeps the kernel from changing what an af_packet port receives.
//
// The problem: DPDK 22.11's net_af_packet joins each socket to a fanout group with two flags that can't be switched off by a
// device argument. PACKET_FANOUT_FLAG_DEFRAG makes the kernel reassemble IPv4 datagrams before the port sees them; a load
// balancer must see (and forward) the fragments, and a reassembled datagram doesn't fit a ring's frame.
// PACKET_FANOUT_FLAG_ROLLOVER moves a flow to another socket when its own is full, that is to a worker without the flow's
// connection. The idea: the driver is a shared object that calls setsockopt() by name, so the executable's own definition comes
// first. This one takes the two flags away and hands everything on to the kernel unchanged. The limits: the symbol must be
// exported from the executable (link argument in meson.build); the test of fragments on a veth pair notices when it isn't.
#include "dataplane/dpdk/packet_fanout.h"

#include <linux/if_packet.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

namespace penstock::dpdk {

int plain_fanout(int argument) {
  const unsigned flags = PACKET_FANOUT_FLAG_DEFRAG | PACKET_FANOUT_FLAG_ROLLOVER;
  return static_cast<int>(static_cast<unsigned>(argument) & ~(flags << 16U));
}

}  // namespace penstock::dpdk

extern "C" int setsockopt(int fd, int level, int optname, const void* optval, socklen_t optlen) noexcept {
  int fanout = 0;
  if (level == SOL_PACKET && optname == PACKET_FANOUT && optval != nullptr && optlen == sizeof(fanout)) {
    std::memcpy(&fanout, optval, sizeof(fanout));
    fanout = penstock::dpdk::plain_fanout(fanout);
    optval = &fanout;
  }
  return static_cast<int>(syscall(SYS_setsockopt, fd, level, optname, optval, optlen));
}
