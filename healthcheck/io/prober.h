// Runs checks: for each one a checker, a timer, and a probe while one is under way.
//
// Thousands of them on one event loop. A check's first probe comes one second after its start, as keepalived's, plus a random
// part of `warmup`, which spreads thousands of first checks. Results go out as reports; what they mean for servers is the
// monitor's. Owned by the loop's thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <unordered_map>

#include "control/loop/event_loop.h"
#include "healthcheck/checker.h"
#include "healthcheck/io/probe.h"
#include "healthcheck/io/punctuality.h"
#include "healthcheck/report.h"

namespace penstock::healthcheck {

class Prober {
 public:
  // Starts a probe; ProbeFactory::start in the daemon.
  using StartProbe = std::function<std::unique_ptr<Probe>(const CheckSpec&, ProbeDone)>;
  using Report = std::function<void(CheckReport)>;

  // From a check's start to its first probe, before warmup's part.
  static constexpr Duration kStartDelay{std::chrono::seconds{1}};

  // More checks than this aren't started in one turn of the loop: where thousands are due at once (the machine was too busy for
  // them) answers to those under way are read in between, instead of being taken for timeouts.
  static constexpr std::size_t kStartsPerTurn = 32;

  // `punctuality` must outlive it.
  Prober(control::EventLoop& loop, StartProbe start_probe, Report report, PunctualityRecorder& punctuality);

  // `up`: what counts until the first result. Precondition: the id is new.
  void start(CheckId id, const CheckSpec& spec, bool up);
  // Ends the check and what is under way for it; no report of it comes any more. An id that isn't there changes nothing.
  void stop(CheckId id);
  void stop_all() { checks_.clear(); }

 private:
  struct Check {
    CheckSpec spec;
    Checker checker;
    control::Timer timer{};
    std::unique_ptr<Probe> probe{};
  };

  void on_due(CheckId id);
  void start_those_put_off();
  void probe(CheckId id);
  void finish(CheckId id, ProbeResult result);
  void plan(Check& check);
  [[nodiscard]] Duration part_of(Duration warmup);

  control::EventLoop& loop_;
  StartProbe start_probe_;
  Report report_;
  PunctualityRecorder& punctuality_;
  std::minstd_rand random_;
  std::deque<CheckId> put_off_;  // due, but not in this turn; some may have been stopped since
  std::uint64_t turn_ = 0;
  std::size_t started_in_turn_ = 0;
  control::Timer next_turn_;
  std::unordered_map<CheckId, Check> checks_;
};

}  // namespace penstock::healthcheck
