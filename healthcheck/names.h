// Names of servers and virtual servers as log lines, fifo lines and mails have them.
#pragma once

#include <string>

#include "dataplane/packet/ip_address.h"

namespace penstock::healthcheck {

// "[10.77.0.31]:tcp:80", "[fd77::31]:udp:53": keepalived's format_rs() and format_vs().
[[nodiscard]] std::string name_of(const packet::Endpoint& endpoint, packet::Protocol protocol);

}  // namespace penstock::healthcheck
