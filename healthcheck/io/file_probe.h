// FILE_CHECK: the number in a file makes a server heavier, lighter, or takes it out.
//
// keepalived's rules (trackers/track_file.c): the number is what strtol() finds at the file's beginning, in base 10, 8 or 16. A
// file that is not there, is empty or begins with something else counts as 0. With weight 0 a number other than 0 is a failure
// (with `reverse`: 0 is one). Else number * weight (with `reverse` its negative) is added to the server's weight, and
// -2147483647 or less is a failure. A number beyond 32 bits is none: keepalived keeps what it had, here it is a failure with
// its reason.
//
// keepalived hears of changes by inotify; a probe reads each delay_loop. Only regular files are read, 128 bytes of them: a FIFO
// would hold the loop up.
#pragma once

#include <memory>

#include "healthcheck/io/probe.h"

namespace penstock::healthcheck {

// Precondition: check.kind is a FileCheck.
[[nodiscard]] std::unique_ptr<Probe> start_file_probe(control::EventLoop& loop, const CheckSpec& check, ProbeDone done);

// The result for a number, without its latency.
[[nodiscard]] ProbeResult judge_number(const FileCheck& check, std::int64_t number);

}  // namespace penstock::healthcheck
