#include "tests/vrrp/simulation/checker.h"

#include <fmt/format.h>

#include <algorithm>

namespace penstock::vrrp::simulation {
namespace {

using namespace std::chrono_literals;

// A clock that is read in whole nanoseconds is behind or ahead of itself by as much.
constexpr Nanoseconds kClockGrain{5};

// A world's span that a clock which is up to 200 ppm slow takes for `time`.
Nanoseconds on_any_clock(Nanoseconds time) { return time + time / 4000 + 10us; }

}  // namespace

int Facts::priority() const {
  if (config.priority == InstanceSpec::kOwnerPriority) return config.priority;
  return std::clamp(config.priority + (script_succeeds[0] ? 0 : kScriptWeight), 1, 254);
}

Checker::Checker(const Scenario& scenario, const AllFacts& facts, const Lan& lan)
    : scenario_{scenario}, facts_{facts}, lan_{lan} {}

// -- the RFC's times --

Nanoseconds Checker::skew(int priority, Nanoseconds interval) const {
  const Nanoseconds whole = scenario_.version == 2 ? Nanoseconds{1s} : interval;
  return whole * (256 - priority) / 256;
}

Nanoseconds Checker::down_time(int priority, Nanoseconds interval) const {
  return interval * scenario_.down_timer_adverts + skew(priority, interval);
}

Nanoseconds Checker::slowest_down_time(std::size_t router) const {
  return on_any_clock(down_time(facts_[router].priority(), scenario_.most_interval));
}

// A backup that hears no master any more is one itself after its Master_Down_Interval. preempt_delay has to hear a master of
// lower priority first, then waits, and then once more. Where not all hear all, an order of who hears whom may need as many
// rounds as there are routers.
Nanoseconds Checker::settling_time() const {
  Nanoseconds delay{};
  Nanoseconds down{};
  for (std::size_t i = 0; i < scenario_.routers; ++i) {
    delay = std::max(delay, Nanoseconds{facts_[i].config.preempt_delay});
    down = std::max(down, slowest_down_time(i));
  }
  const Nanoseconds round = down * (delay > 0ns ? 2 : 1) + on_any_clock(delay) + 3 * lan_.most_delay();
  const auto rounds = lan_.is_partitioned_cleanly() ? 1U : static_cast<unsigned>(scenario_.routers);
  return round * rounds + on_any_clock(scenario_.most_interval);
}

void Checker::wait_from(std::size_t router, std::size_t instance, Nanoseconds now) {
  Watch& watch = watches_[router][instance];
  const Facts& facts = facts_[router];
  watch.earliest = facts.clock.at(now) + down_time(facts.priority(), scenario_.least_interval);
  watch.latest = now + slowest_down_time(router);
}

// -- what happens to a router --

void Checker::on_enabled(std::size_t router, Nanoseconds now) {
  for (std::size_t i = 0; i < scenario_.instances; ++i) {
    wait_from(router, i, now);
    // RFC 9568 6.4.1: the owner doesn't wait.
    if (facts_[router].config.priority == InstanceSpec::kOwnerPriority) watches_[router][i].earliest = {};
  }
}

void Checker::on_disturbed(std::size_t router, Nanoseconds now) {
  for (std::size_t i = 0; i < scenario_.instances; ++i) {
    Watch& watch = watches_[router][i];
    watch.earliest = watch.listens_until = {};  // whatever it counts by now
    watch.latest = now + slowest_down_time(router);
    watch.last_advert = facts_[router].clock.at(now);
  }
}

void Checker::on_gone(std::size_t router) { watches_[router] = {}; }

void Checker::on_resumed(std::size_t router, Nanoseconds stalled, Nanoseconds now) {
  const Facts& facts = facts_[router];
  const TimePoint local = facts.clock.at(now);
  for (std::size_t i = 0; i < scenario_.instances; ++i) {
    Watch& watch = watches_[router][i];
    watch.latest = now + slowest_down_time(router);
    const bool must_listen =
        watch.owns && stalled > on_any_clock(facts.config.interval + down_time(facts.priority(), facts.config.interval));
    // Without the skew, for its priority may rise meanwhile.
    if (must_listen) watch.listens_until = local + scenario_.down_timer_adverts * scenario_.least_interval;
    watch.last_advert = local;
    if (watch.unannounced != 0) watch.announced_by = announcement_deadline(now);
  }
}

// RFC 9568 6.4.2 (420)-(475).
void Checker::on_heard(std::size_t router, const Wire& wire, Nanoseconds now) {
  const Facts& facts = facts_[router];
  if (wire.kind != Wire::Kind::kAdvert || wire.instance >= scenario_.instances || !facts.is_eligible()) return;
  Watch& watch = watches_[router][wire.instance];
  const TimePoint local = facts.clock.at(now);
  const int priority = facts.priority();
  if (watch.owns) {
    // After a stall the first advert that waited may be one of priority 0.
    watch.heard_farewell = wire.priority == 0;
    if (watch.heard_farewell)
      watch.listens_until = std::min(watch.listens_until, local + skew(priority, scenario_.least_interval));
    return;
  }
  if (wire.priority == 0) {
    watch.earliest = std::min(watch.earliest, local + skew(priority, scenario_.least_interval));
    watch.listens_until = std::min(watch.listens_until, watch.earliest);
    watch.latest = std::min(watch.latest, now + on_any_clock(skew(priority, scenario_.most_interval)));
    return;
  }
  watch.latest = now + slowest_down_time(router);
  const TimePoint down = local + down_time(priority, wire.interval);
  if (wire.priority >= priority || facts.config.nopreempt) {
    watch.earliest = down;
  } else if (facts.config.preempt_delay > 0us) {
    watch.earliest = std::min(watch.earliest, down);  // it may be respected for some time
  }
}

// -- what it asks for --

void Checker::begin(std::size_t router, Call call, Nanoseconds now) {
  router_ = router;
  call_ = call;
  now_ = now;
  added_ = 0;
  for (Watch& watch : watches_[router]) watch.advertised = watch.said_farewell = watch.left = false;
}

void Checker::on_sent(const Wire& wire) {
  if (wire.kind == Wire::Kind::kUnknown) fail(router_, 0, "sends a frame that is neither advert nor announcement");
  if (wire.instance >= scenario_.instances) fail(router_, wire.instance, "speaks for a virtual router that it doesn't have");
  Watch& watch = watches_[router_][wire.instance];
  if (wire.kind == Wire::Kind::kAdvert) {
    on_advert(watch, wire);
  } else {
    on_announcement(watch, wire);
  }
}

void Checker::on_advert(Watch& watch, const Wire& wire) {
  const Facts& facts = facts_[router_];
  if (wire.priority == 0) {
    if (!watch.owns) fail(router_, wire.instance, "resigns without being master");
    watch.said_farewell = true;
    return;
  }
  watch.advertised = true;
  const TimePoint local = facts.clock.at(now_);
  if (wire.priority != facts.priority()) fail(router_, wire.instance, "sends an advert with another priority than its own");
  if (wire.interval != facts.config.interval)
    fail(router_, wire.instance, "sends an advert with another interval than its own");
  if (local < watch.listens_until) fail(router_, wire.instance, "speaks after a stall without listening first");
  if (watch.owns && local - watch.last_advert > facts.config.interval + kClockGrain) {
    fail(router_, wire.instance, "sends an advert later than its interval");
  }
  watch.last_advert = local;
}

void Checker::on_announcement(Watch& watch, const Wire& wire) {
  const std::uint32_t bit = 1U << wire.address;
  if (!watch.owns) fail(router_, wire.instance, "announces a VIP without owning it");
  if ((held_addresses_of(scenario_, facts_[router_].config) & bit) == 0) {
    fail(router_, wire.instance, "announces a VIP that it isn't configured to have");
  }
  if (wire.mac != announced_mac(scenario_, router_, wire.instance)) fail(router_, wire.instance, "announces a wrong MAC");
  watch.unannounced &= ~bit;
}

bool Checker::on_owner(std::size_t instance, bool owns) {
  Watch& watch = watches_[router_][instance];
  const Facts& facts = facts_[router_];
  if (owns && !watch.owns) {
    take_over(watch, instance);
    return true;
  }
  if (owns) {
    if (call_ != Call::kReload) fail(router_, instance, "becomes master although it is");
    watch.unannounced = (watch.unannounced | added_) & held_addresses_of(scenario_, facts.config);
    watch.announced_by = announcement_deadline(now_);
    return false;
  }
  if (!watch.owns && call_ != Call::kStart) fail(router_, instance, "leaves MASTER without being it");
  if (watch.owns && (call_ == Call::kStop || call_ == Call::kScript) && !watch.said_farewell) {
    fail(router_, instance, "leaves without an advert of priority 0");
  }
  if (watch.owns && facts.clock.at(now_) - watch.last_advert > facts.config.interval + kClockGrain) {
    fail(router_, instance, "was master without sending adverts");
  }
  if (!watch.owns) return false;  // whatever an earlier process left behind
  watch.owns = false;
  watch.left = true;
  watch.unannounced = 0;
  wait_from(router_, instance, now_);
  if (watch.heard_farewell) {
    watch.earliest = std::min(watch.earliest, facts.clock.at(now_) + skew(facts.priority(), scenario_.least_interval));
  }
  return false;
}

void Checker::take_over(Watch& watch, std::size_t instance) {
  const Facts& facts = facts_[router_];
  const TimePoint local = facts.clock.at(now_);
  if (!watch.advertised) fail(router_, instance, "becomes master without an advert before");
  if (local < watch.earliest) {
    const std::chrono::duration<double, std::milli> early = watch.earliest - local;
    fail(router_, instance, fmt::format("becomes master {:.6f} ms too early", early.count()));
  }
  watch.owns = true;
  watch.unannounced = held_addresses_of(scenario_, facts.config);
  watch.announced_by = announcement_deadline(now_);
}

// With a gap between two they may wait behind others, of sets and instances.
Nanoseconds Checker::announcement_deadline(Nanoseconds now) const {
  return now + on_any_clock(scenario_.announcement.arp_gap * scenario_.announcement.repeat * 100);
}

void Checker::end() {
  const bool able = facts_[router_].is_eligible();
  for (std::size_t i = 0; i < scenario_.instances; ++i) {
    Watch& watch = watches_[router_][i];
    watch.heard_farewell = false;
    if (watch.advertised && !watch.owns && !watch.left) fail(router_, i, "sends an advert without being master");
    if (watch.owns && !able) fail(router_, i, "is master although it must not");
    if (watch.owns != watches_[router_][0].owns) fail(router_, i, "is out of step with its sync group");
    if (watch.unannounced == 0) continue;
    if (scenario_.announcement.arp_gap == 0us || now_ > watch.announced_by) {
      fail(router_, i, fmt::format("doesn't announce VIPs (mask {:#x})", watch.unannounced));
    }
  }
  refresh(now_);
}

// -- over all --

void Checker::refresh(Nanoseconds now) {
  on_time(now);
  ownerless_ = false;
  for (std::size_t instance = 0; instance < scenario_.instances; ++instance) {
    Nanoseconds latest = Nanoseconds::max();
    bool owned = false;
    for (std::size_t i = 0; i < scenario_.routers; ++i) {
      const Facts& facts = facts_[i];
      if (!facts.running || facts.stalled) continue;
      if (watches_[i][instance].owns) owned = true;
      if (!facts.is_eligible()) continue;
      // A group moves when each of its members wants to.
      Nanoseconds group{};
      for (std::size_t member = 0; member < scenario_.instances; ++member) group = std::max(group, watches_[i][member].latest);
      latest = std::min(latest, group);
    }
    if (owned || latest == Nanoseconds::max()) continue;
    ownerless_until_ = ownerless_ ? std::min(ownerless_until_, latest) : latest;
    ownerless_ = true;
  }
}

bool Checker::hears(std::size_t router, std::size_t other) const {
  return facts_[other].is_eligible() && router != other && lan_.reaches(other, router);
}

// RFC 9568 6.4.3 (725)-(730).
bool Checker::is_stronger(std::size_t a, std::size_t b) const {
  const int priority_a = facts_[a].priority();
  const int priority_b = facts_[b].priority();
  return priority_a != priority_b ? priority_a > priority_b : a > b;
}

void Checker::check_settled(Nanoseconds now) const {
  for (std::size_t instance = 0; instance < scenario_.instances; ++instance) {
    for (std::size_t i = 0; i < scenario_.routers; ++i) {
      const Facts& facts = facts_[i];
      if (!facts.is_eligible()) continue;
      check_agreement(i, instance);
      const Watch& watch = watches_[i][instance];
      if (!watch.owns) continue;
      if (facts.clock.at(now) - watch.last_advert > facts.config.interval + kClockGrain)
        fail(i, instance, "is a master that is silent");
      if (watch.unannounced != 0 && now > watch.announced_by) fail(i, instance, "hasn't announced all VIPs");
    }
  }
}

void Checker::check_agreement(std::size_t router, std::size_t instance) const {
  const bool owns = watches_[router][instance].owns;
  bool respects_somebody = false;
  for (std::size_t other = 0; other < scenario_.routers; ++other) {
    if (!hears(router, other) || !watches_[other][instance].owns) continue;
    if (owns && is_stronger(other, router)) {
      fail(router, instance, fmt::format("is master beside router {}, which it hears and which is better", other));
    }
    if (facts_[router].config.nopreempt || facts_[other].priority() >= facts_[router].priority()) respects_somebody = true;
  }
  if (!owns && !respects_somebody) fail(router, instance, "isn't master although it hears none that it has to respect");
}

void Checker::fail(std::size_t router, std::size_t instance, std::string_view what) const {
  throw Violation{fmt::format("router {}, instance {}: {}", router, instance, what)};
}

void Checker::fail_ownerless(Nanoseconds now) const {
  const std::chrono::duration<double, std::milli> late = now - ownerless_until_;
  throw Violation{fmt::format("a virtual router has no master, {:.6f} ms after somebody should have taken over", late.count())};
}

}  // namespace penstock::vrrp::simulation
