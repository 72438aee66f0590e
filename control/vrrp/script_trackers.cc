#include "control/vrrp/script_trackers.h"

#include <algorithm>
#include <utility>

#include "healthcheck/io/misc_probe.h"

namespace penstock::control {
namespace {

// More than any configuration runs at once: a tracked script waits for no other.
constexpr std::size_t kMostAtOnce = 1024;

}  // namespace

ScriptTrackers::ScriptTrackers(EventLoop& loop, healthcheck::ScriptRunner& runner, Report report)
    : loop_{loop}, slots_{runner, kMostAtOnce}, report_{std::move(report)} {}

void ScriptTrackers::set(const std::vector<vrrp::ScriptTracker>& trackers) {
  std::erase_if(tracked_, [&](const auto& each) { return std::ranges::find(trackers, each.second->spec) == trackers.end(); });
  for (const vrrp::ScriptTracker& tracker : trackers) {
    const auto [place, is_new] = tracked_.try_emplace(tracker.name);
    if (!is_new) continue;
    place->second = std::make_unique<Tracked>(tracker);
    Tracked& tracked = *place->second;
    tracked.timer = loop_.add_timer([this, &tracked] { start(tracked); });
    tracked.timer.start_every(tracker.interval);
    start(tracked);
  }
}

void ScriptTrackers::start(Tracked& tracked) {
  if (tracked.run) return;  // still at it: its timeout ends it
  healthcheck::CheckSpec check;
  check.kind = healthcheck::MiscCheck{.script = tracked.spec.script, .timeout = tracked.spec.timeout, .dynamic = false};
  tracked.run = healthcheck::start_misc_probe(loop_, slots_, check, [this, &tracked](const healthcheck::ProbeResult& result) {
    tracked.run.reset();
    report_(tracked.spec.name, result.is_success(), result.detail);
  });
}

}  // namespace penstock::control
