// One check's memory: from results of probes and a time to verdicts, and to the time of the next probe.
//
// Semantics are keepalived's (checkers' epilogues): a first check some time within `warmup`, then one each `delay_loop`; the
// first verdict ever needs no retries; later a server that was up counts as down after the first failure and `retry` further
// ones that come `delay_before_retry` apart; one that is down is asked each delay_loop (or delay_before_retry, where that is
// longer), by some kinds of checks with all retries each time, and one success brings it back. A probe that was not run (as
// keepalived's "Rescheduling") changes nothing: the next one comes after delay_loop. Pure: no clock, no socket. Owned by
// whoever runs the probes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <variant>

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
    std::uint32_t failures = 0;     // in a row, this one included; 0: a success. Not run: those before
  };

  // From when a delay counts: the end of the probe, or (MISC_CHECK) its start; a probe that took longer than the delay is
  // followed by the next one at once. keepalived: thread_add_timer() at each checker's end, check_misc.c's last_ran.
  enum class Period : std::uint8_t { kFromEnd, kFromStart };
  [[nodiscard]] static Period period_of(const CheckSpec& check) {
    return std::holds_alternative<MiscCheck>(check.kind) ? Period::kFromStart : Period::kFromEnd;
  }

  // What is asked while a server is down: once each delay_loop, or in rounds of a first try and `retry` more. keepalived's
  // check_tcp.c and check_smtp.c do the latter (measured with 2.2.7).
  enum class WhileDown : std::uint8_t { kOnce, kInRounds };
  [[nodiscard]] static WhileDown while_down(const CheckSpec& check) {
    const bool in_rounds = std::holds_alternative<TcpCheck>(check.kind) || std::holds_alternative<SmtpCheck>(check.kind);
    return in_rounds ? WhileDown::kInRounds : WhileDown::kOnce;
  }

  // `up`: what counts until the first result. `first`: when the first probe is to start.
  Checker(const Pace& pace, bool up, TimePoint first, Period period = Period::kFromEnd,
          WhileDown while_down = WhileDown::kOnce);
  Checker(const CheckSpec& check, bool up, TimePoint first)
      : Checker{check.pace, up, first, period_of(check), while_down(check)} {}

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
  Period period_;
  WhileDown while_down_;
  std::uint32_t failures_ = 0;                                 // in a row
  std::uint32_t round_ = 0;                                    // of them since the last pause of a delay_loop
  static constexpr std::uint32_t kMostFailures = 0xffff'ffff;  // the count stays there instead of beginning anew
};

}  // namespace penstock::healthcheck
