// One check's memory: from results of probes and a time to verdicts, and to the time of the next probe.
//
// Semantics are keepalived's (checkers' epilogues): a first check some time within `warmup`, then one each `delay_loop`; the
// first verdict ever needs no retries; later a server that was up counts as down after the first failure and `retry` further
// ones that come `delay_before_retry` apart; one that is down is asked each delay_loop (or delay_before_retry, where that is
// longer), and one success brings it back. Pure: no clock, no socket. Owned by whoever runs the probes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "healthcheck/probe_result.h"
#include "healthcheck/spec/check_spec.h"

namespace penstock::healthcheck {

using TimePoint = std::chrono::steady_clock::time_point;

class Checker {
 public:
  // What a result means.
  struct Step {
    std::optional<bool> verdict{};  // up or down, where the result changes (or for the first time sets) it
    bool is_retried = false;        // a failure that doesn't count yet
    std::uint32_t failures = 0;     // in a row, this one included; 0: a success
  };

  // `up`: what counts until the first result. `first`: when the first probe is to start.
  Checker(const Pace& pace, bool up, TimePoint first);

  // When the next probe is to start; of no meaning while one is under way.
  [[nodiscard]] TimePoint next() const { return next_; }
  [[nodiscard]] bool is_up() const { return up_; }

  // The result of the probe that began at or after next(), which ended `now`.
  Step on_result(const ProbeResult& result, TimePoint now);

 private:
  Pace pace_;
  TimePoint next_;
  bool up_;
  bool has_run_ = false;
  std::uint32_t failures_ = 0;
};

}  // namespace penstock::healthcheck
