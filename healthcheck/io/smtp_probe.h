// SMTP_CHECK: a connection, and the session of SmtpDialogue over it, all within one deadline.
#pragma once

#include <memory>

#include "healthcheck/io/probe.h"

namespace penstock::healthcheck {

// Precondition: check.kind is a SmtpCheck.
[[nodiscard]] std::unique_ptr<Probe> start_smtp_probe(control::EventLoop& loop, const CheckSpec& check, ProbeDone done);

}  // namespace penstock::healthcheck
