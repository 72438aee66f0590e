// What our own side's errors mean for a probe: a shortage is no verdict on a server, everything else is a failure by name.
#pragma once

#include <string>

#include "healthcheck/probe_result.h"

namespace penstock::healthcheck {

// Whether an errno says that something has run out here: descriptors (EMFILE, ENFILE), memory (ENOMEM, ENOBUFS), processes or
// threads (EAGAIN of clone()), room to watch descriptors (ENOSPC of epoll_ctl()).
[[nodiscard]] bool is_shortage(int error);

// The result for an errno of our own side: kNotRun for a shortage, else kLocal; the detail is "WHAT: Too many open files".
[[nodiscard]] ProbeResult own_failure(const std::string& what, int error);

// Whether so many more descriptors can be had now, 1 or 2: for libraries that don't say why they could not open a file.
[[nodiscard]] bool can_open_descriptors(int count);

}  // namespace penstock::healthcheck
