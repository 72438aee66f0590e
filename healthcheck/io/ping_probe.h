// PING_CHECK: one ICMP echo request; up when its reply comes within the timeout.
//
// Each probe has a raw socket that is connected to its server and filtered to echo replies, so the kernel hands it that
// server's replies alone: thousands of them beside each other don't wake one another. Raw rather than the kernel's ping sockets
// (SOCK_DGRAM), which work for nobody in a fresh network namespace until net.ipv4.ping_group_range is changed (keepalived
// changes it); without CAP_NET_RAW they are tried instead. An ICMP error about the request ends the probe at once.
#pragma once

#include <memory>

#include "healthcheck/io/probe.h"

namespace penstock::healthcheck {

// Precondition: check.kind is a PingCheck. The connection's ports have no meaning.
[[nodiscard]] std::unique_ptr<Probe> start_ping_probe(control::EventLoop& loop, const CheckSpec& check, ProbeDone done);

}  // namespace penstock::healthcheck
