// Log lines and mails about results of checks, in keepalived's wording (2.2.7's; its binary's strings).
//
// keepalived says why a try failed only under log_all_failures; we say it also for the try that takes the server down.
#pragma once

#include <string>
#include <vector>

#include "healthcheck/checker.h"

namespace penstock::healthcheck {

// Whether lines about this check name the virtual server, so that each one that shares the check needs its own.
[[nodiscard]] bool names_service(const CheckSpec& check);

// What a result has to say. `was_up`: what counted before; `service`: the virtual server's name. Often nothing.
[[nodiscard]] std::vector<std::string> lines_about(const CheckSpec& check, const ProbeResult& result, const Checker::Step& step,
                                                   bool was_up, const std::string& service);

// "=> TCP CHECK succeed on service <=", ...
[[nodiscard]] std::string mail_body(const CheckSpec& check, const ProbeResult& result);

}  // namespace penstock::healthcheck
