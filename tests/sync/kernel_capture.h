// What the kernel's IPVS (Linux 6.1) has sent as master, and what it means.
//
// data/kernel.pcap was recorded on the director's interface while TCP connections, over IPv4 and IPv6, to a persistent service
// and not, and UDP flows went through it; `ipvsadm --start-daemon master --syncid 50`. data/kernel.decoded.txt says the same in
// words, made by another program than ours.
#pragma once

#include <string>
#include <vector>

#include "sync/entry.h"
#include "tests/support/hex.h"

namespace penstock::test {

struct CapturedMessage {
  std::string origin;  // "t=1795415103.950149 dst=224.0.0.81 ttl=1"
  Bytes datagram;      // the payload of UDP
};
[[nodiscard]] std::vector<CapturedMessage> kernel_messages();

// The lines of data/kernel.decoded.txt.
[[nodiscard]] std::vector<std::string> decoded_lines();
// A line of them: of an entry without options.
[[nodiscard]] std::string line_of(const sync::Entry& entry);

}  // namespace penstock::test
