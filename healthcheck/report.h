// What crosses from the prober to the monitor: one result of one check, with what the checker made of it.
#pragma once

#include <cstdint>

#include "healthcheck/checker.h"
#include "healthcheck/probe_result.h"

namespace penstock::healthcheck {

// Names a running check. Never given a second time in a process.
enum class CheckId : std::uint64_t {};

struct CheckReport {
  CheckId id{};
  ProbeResult result{};
  Checker::Step step{};
  bool is_up = false;    // what counts now
  TimePoint finished{};  // when the probe ended
  TimePoint next{};      // when the next one starts
};

}  // namespace penstock::healthcheck
