#include "healthcheck/io/prober.h"

#include <algorithm>
#include <utility>

namespace penstock::healthcheck {

using control::EventLoop;

Prober::Prober(EventLoop& loop, StartProbe start_probe, Report report, PunctualityRecorder& punctuality)
    : loop_{loop},
      start_probe_{std::move(start_probe)},
      report_{std::move(report)},
      punctuality_{punctuality},
      random_{std::random_device{}()},
      next_turn_{loop.add_timer([this] { start_those_put_off(); })} {}

void Prober::start(CheckId id, const CheckSpec& spec, bool up) {
  const TimePoint first = EventLoop::now() + kStartDelay + part_of(spec.pace.warmup);
  Check& check = checks_.try_emplace(id, Check{.spec = spec, .checker = Checker{spec, up, first}}).first->second;
  check.timer = loop_.add_timer([this, id] { on_due(id); });
  plan(check);
}

void Prober::stop(CheckId id) { checks_.erase(id); }

void Prober::on_due(CheckId id) {
  if (const std::uint64_t turn = loop_.turns().turns; turn != std::exchange(turn_, turn)) started_in_turn_ = 0;
  if (put_off_.empty() && started_in_turn_ < kStartsPerTurn) return probe(id);
  put_off_.push_back(id);
  if (!next_turn_.is_active()) next_turn_.start_once({});
}

void Prober::start_those_put_off() {
  const std::size_t count = std::min(put_off_.size(), kStartsPerTurn);
  for (std::size_t i = 0; i < count; ++i) {
    const CheckId id = put_off_.front();
    put_off_.pop_front();
    if (checks_.contains(id)) probe(id);
  }
  if (!put_off_.empty()) next_turn_.start_once({});
}

void Prober::probe(CheckId id) {
  ++started_in_turn_;
  Check& check = checks_.at(id);
  punctuality_.add(EventLoop::now() - check.checker.next());
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
