// MISC_CHECK: a script says whether a server is up, by its exit status.
//
// 0 is up. With misc_dynamic 2..255 is up, too, and sets the server's weight to that less 2. All else is down: other statuses,
// an end by a signal, a script that can't be started, and one that is not done after misc_timeout: its process group gets
// SIGTERM then, and SIGKILL two seconds later (keepalived's pace), and counts as timed out whatever it says in its last
// moments.
#pragma once

#include <memory>

#include "healthcheck/io/probe.h"
#include "healthcheck/io/script_slots.h"

namespace penstock::healthcheck {

// Precondition: check.kind is a MiscCheck. The time it waits for a slot counts neither to misc_timeout nor to the latency.
// Destroying the probe kills the script's process group with SIGKILL.
[[nodiscard]] std::unique_ptr<Probe> start_misc_probe(control::EventLoop& loop, ScriptSlots& slots, const CheckSpec& check,
                                                      ProbeDone done);

}  // namespace penstock::healthcheck
