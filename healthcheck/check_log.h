// Log lines and mails about results of checks, in keepalived's wording (2.2.7's; its binary's strings).
//
// keepalived says why a try failed only under log_all_failures; we say it also for the try that takes the server down.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "healthcheck/checker.h"
#include "healthcheck/report.h"

namespace penstock::healthcheck {

// Whether lines about this check name the virtual server, so that each one that shares the check needs its own.
[[nodiscard]] bool names_service(const CheckSpec& check);

// What a result has to say. `was_up`: what counted before; `service`: the virtual server's name. Often nothing.
[[nodiscard]] std::vector<std::string> lines_about(const CheckSpec& check, const ProbeResult& result, const Checker::Step& step,
                                                   bool was_up, const std::string& service);

// What is said of checks that were not run, at most once in kPause: what they lack, all of them lack.
class NotRunNotice {
 public:
  static constexpr std::chrono::seconds kPause{10};
  // "TCP_CHECK of [10.77.0.31]:tcp:80 not run: socket: Too many open files; its state stays (and 41 more)".
  [[nodiscard]] std::optional<std::string> line_about(const CheckSpec& check, const CheckReport& report);

 private:
  std::optional<TimePoint> last_{};
  std::uint64_t untold_ = 0;
};

// "=> TCP CHECK succeed on service <=", ...
[[nodiscard]] std::string mail_body(const CheckSpec& check, const ProbeResult& result);

}  // namespace penstock::healthcheck
