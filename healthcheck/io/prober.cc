#include "healthcheck/io/prober.h"

#include <algorithm>
#include <utility>

namespace penstock::healthcheck {

using control::EventLoop;

Prober::Prober(EventLoop& loop, StartProbe start_probe, Report report)
    : loop_{loop}, start_probe_{std::move(start_probe)}, report_{std::move(report)}, random_{std::random_device{}()} {}

void Prober::start(CheckId id, const CheckSpec& spec, bool up) {
  const TimePoint first = EventLoop::now() + kStartDelay + part_of(spec.pace.warmup);
  Check& check = checks_.try_emplace(id, Check{.spec = spec, .checker = Checker{spec, up, first}}).first->second;
  check.timer = loop_.add_timer([this, id] { probe(id); });
  plan(check);
}

void Prober::stop(CheckId id) { checks_.erase(id); }

void Prober::probe(CheckId id) {
  Check& check = checks_.at(id);
  check.probe = start_probe_(check.spec, [this, id](ProbeResult result) { finish(id, std::move(result)); });
}

void Prober::finish(CheckId id, ProbeResult result) {
  Check& check = checks_.at(id);
  const std::unique_ptr<Probe> ended = std::move(check.probe);  // may hold what calls us: it goes last
  const TimePoint now = EventLoop::now();
  CheckReport report{.id = id, .result = std::move(result), .finished = now};
  report.step = check.checker.on_result(report.result, now);
  report.is_up = check.checker.is_up();
  report.next = check.checker.next();
  plan(check);
  report_(std::move(report));
}

void Prober::plan(Check& check) {
  check.timer.start_once(std::max<EventLoop::Clock::duration>(check.checker.next() - EventLoop::now(), {}));
}

Duration Prober::part_of(Duration warmup) {
  return Duration{std::uniform_int_distribution<Duration::rep>{0, std::max<Duration::rep>(warmup.count(), 0)}(random_)};
}

}  // namespace penstock::healthcheck
