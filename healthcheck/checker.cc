#include "healthcheck/checker.h"

#include <algorithm>

namespace penstock::healthcheck {

Checker::Checker(const Pace& pace, bool up, TimePoint first, Period period, WhileDown while_down)
    : pace_{pace}, next_{first}, up_{up}, period_{period}, while_down_{while_down} {}

Checker::Step Checker::on_result(const ProbeResult& result, TimePoint now) {
  const TimePoint origin = period_ == Period::kFromStart ? now - result.latency : now;
  Step step;
  if (!result.has_run()) {
    step.failures = failures_;
    next_ = std::max(now, origin + pace_.delay_loop);
    return step;
  }
  const bool is_first = !has_run_;
  has_run_ = true;

  if (result.is_success()) {
    failures_ = 0;
    round_ = 0;
    if (is_first || !up_) step.verdict = true;
    up_ = true;
    next_ = std::max(now, origin + pace_.delay_loop);
    return step;
  }

  if (failures_ < kMostFailures) ++failures_;
  step.failures = failures_;
  if (!up_ && !is_first && while_down_ == WhileDown::kInRounds && ++round_ <= pace_.retry) {
    next_ = std::max(now, origin + pace_.delay_before_retry);
    return step;
  }
  round_ = 0;
  if (up_ && !is_first && failures_ <= pace_.retry) {
    step.is_retried = true;
    next_ = std::max(now, origin + pace_.delay_before_retry);
    return step;
  }
  if (is_first || up_) step.verdict = false;
  up_ = false;
  next_ = std::max(now, origin + std::max(pace_.delay_loop, pace_.delay_before_retry));
  return step;
}

}  // namespace penstock::healthcheck
