// TCP_CHECK: a connection is opened within the deadline, and closed in an orderly way.
#pragma once

#include <memory>

#include "control/loop/event_loop.h"
#include "healthcheck/io/probe.h"
#include "healthcheck/io/probe_sockets.h"

namespace penstock::healthcheck {

// The loop and the sockets must outlive the probe.
[[nodiscard]] std::unique_ptr<Probe> start_tcp_probe(control::EventLoop& loop, ProbeSockets& sockets, const CheckSpec& check,
                                                     ProbeDone done);

}  // namespace penstock::healthcheck
