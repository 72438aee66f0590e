// A probe under way: started from a check's specification, it ends in exactly one ProbeResult.
//
// One event loop runs thousands of them; none blocks. A probe knows nothing of what its result means.
#pragma once

#include <functional>
#include <memory>

#include "control/loop/event_loop.h"
#include "healthcheck/probe_result.h"
#include "healthcheck/spec/check_spec.h"

namespace penstock::healthcheck {

// Destroying it abandons the probe: no result comes, sockets are closed, a script's process group is killed.
class Probe {
 public:
  Probe() = default;
  virtual ~Probe() = default;
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;
};

// Called once, from the loop, never from within the probe's start. May destroy the probe.
using ProbeDone = std::move_only_function<void(ProbeResult)>;

}  // namespace penstock::healthcheck
