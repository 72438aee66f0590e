// UDP_CHECK: one datagram goes out; an ICMP error that comes back, or with require_reply silence, means down.
//
// As keepalived (check_udp.c, layer4.c): without require_reply any datagram is success at once and so is silence for the whole
// timeout. With require_reply any datagram will do, unless bytes are wanted: then its length must lie in its bounds, and it
// must equal the wanted bytes as far as both reach, so a shorter reply is cut off, not wrong (min_reply_length forbids it).
#pragma once

#include <memory>

#include "healthcheck/io/probe.h"

namespace penstock::healthcheck {

// Precondition: check.kind is a UdpCheck.
[[nodiscard]] std::unique_ptr<Probe> start_udp_probe(control::EventLoop& loop, const CheckSpec& check, ProbeDone done);

}  // namespace penstock::healthcheck
