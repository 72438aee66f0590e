#include "tests/vrrp/simulation/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

namespace penstock::vrrp::simulation {
namespace {

using namespace std::chrono_literals;
using What = Trace::What;

Nanoseconds skew_of(const Scenario& scenario, int priority) {
  return (scenario.version == 2 ? Nanoseconds{1s} : Nanoseconds{scenario.least_interval}) * (256 - priority) / 256;
}

}  // namespace

World::World(const Scenario& scenario, Mutant mutant)
    : scenario_{scenario},
      mutant_{mutant},
      random_{scenario.seed ^ 0x5eed},
      lan_{scenario, random_.fork()},
      checker_{scenario, facts_, lan_},
      attacker_{scenario, random_.fork()} {
  for (std::size_t i = 0; i < scenario.routers; ++i) {
    facts_[i].config = scenario.configs[i];
    facts_[i].clock = LocalClock{random_.between(1h, 1000h), random_.between(-200, 200)};
  }
  if (scenario.attacked) plan(attacker_.pause(), Event::Kind::kAttack, 0, 0);
}

Nanoseconds World::down_time(std::size_t router) const {
  return checker_.down_time(facts_[router].priority(), scenario_.most_interval);
}

// -- time --

void World::plan(Nanoseconds at, Event::Kind kind, std::size_t router, std::uint32_t argument) {
  events_.push(
      {.at = at, .number = planned_++, .kind = kind, .router = static_cast<std::uint8_t>(router), .argument = argument});
}

void World::run_for(Nanoseconds time) {
  const Nanoseconds end = now_ + time;
  while (true) {
    Nanoseconds next = events_.empty() ? Nanoseconds::max() : events_.top().at;
    std::optional<std::size_t> woken;
    for (std::size_t i = 0; i < scenario_.routers; ++i) {
      if (!nodes_[i].wake || *nodes_[i].wake >= next) continue;
      next = *nodes_[i].wake;
      woken = i;
    }
    if (next > end) break;
    now_ = std::max(now_, next);
    checker_.on_time(now_);
    if (woken) {
      wake(*woken);
      continue;
    }
    const Event event = events_.top();
    events_.pop();
    step(event);
  }
  now_ = end;
  checker_.on_time(now_);
}

void World::settle() {
  while (true) {
    const bool stalled = std::ranges::any_of(facts_, &Facts::stalled);
    const Nanoseconds settled_at = disturbed_at_ + checker_.settling_time();
    if (!stalled && now_ >= settled_at) break;
    run_for(stalled ? Nanoseconds{scenario_.least_interval} : settled_at - now_);
  }
  checker_.check_settled(now_);
  trace_.add(now_, Trace::kNobody, What::kSettled);
}

void World::step(const Event& event) {
  switch (event.kind) {
    case Event::Kind::kFrame: arrive(event.router, event.argument); break;
    case Event::Kind::kResume:
      if (facts_[event.router].stalled && nodes_[event.router].life == event.argument) resume(event.router);
      break;
    case Event::Kind::kAttack: attack(); break;
  }
}

void World::wake(std::size_t router) {
  TimePoint told = local(router);
  if (mutant_ == Mutant::kIgnoresSkew) told = std::max(told, *nodes_[router].router->next());
  carry_out(router, Call::kTime, nodes_[router].router->on_time(told));
}

void World::reschedule(std::size_t router) {
  Node& node = nodes_[router];
  node.wake.reset();
  if (!facts_[router].running || facts_[router].stalled) return;
  if (const auto next = node.router->next()) {
    Nanoseconds at = facts_[router].clock.when(*next) + std::exchange(node.late, 0ns);
    if (mutant_ == Mutant::kIgnoresSkew && !checker_.owns(router, 0)) at -= skew_of(scenario_, facts_[router].priority());
    node.wake = std::max(at, now_);
  }
}

// -- frames --

void World::send(std::size_t router, SendFrame frame) {
  Wire wire = read_wire(frame.frame);
  checker_.on_sent(wire);
  const bool is_advert = wire.kind == Wire::Kind::kAdvert;
  trace_.add(now_, static_cast<int>(router), is_advert ? What::kAdvert : What::kAnnounce, wire.instance,
             is_advert ? wire.priority : wire.address);
  if (!is_advert || !facts_[router].link_up) return;
  const FramePool::Id id = frames_.add(std::move(frame.frame), wire);
  transmit(router, id);
  frames_.release(id);
}

void World::transmit(std::size_t router, FramePool::Id id) {
  const auto only_to = frames_[id].wire.only_to;
  for (std::size_t to = 0; to < scenario_.routers; ++to) {
    if (to == router || (only_to && *only_to != to + 1)) continue;
    const Lan::Arrivals arrivals = lan_.transmit(router, to);
    for (std::size_t i = 0; i < arrivals.count; ++i) {
      frames_.use(id);
      plan(now_ + arrivals.after[i], Event::Kind::kFrame, to, id);
    }
  }
}

void World::arrive(std::size_t router, FramePool::Id id) {
  const Facts& facts = facts_[router];
  if (facts.running && facts.link_up && facts.stalled && nodes_[router].ring.size() < scenario_.ring) {
    nodes_[router].ring.push_back(id);
    return;
  }
  if (facts.running && facts.link_up && !facts.stalled) hear(router, id);
  frames_.release(id);
}

void World::hear(std::size_t router, FramePool::Id id) {
  if (frames_[id].wire.hostile) return hear_attack(router, frames_[id]);
  const Wire wire = frames_[id].wire;
  trace_.add(now_, static_cast<int>(router), What::kHears, wire.instance, wire.priority);
  checker_.on_heard(router, wire, now_);
  if (!lets_in(wire, checker_.owns(router, 0), mutant_)) return;
  if (mutant_ == Mutant::kTiesByLowerAddress) {
    std::vector<std::byte> bent = frames_[id].bytes;
    mutate_incoming(bent, wire, static_cast<std::uint8_t>(router + 1), mutant_);
    carry_out(router, Call::kFrame, nodes_[router].router->on_frame("eth0", bent, local(router)));
    return;
  }
  carry_out(router, Call::kFrame, nodes_[router].router->on_frame("eth0", frames_[id].bytes, local(router)));
}

// Whatever it is, it changes nothing: neither the timer nor anything that others see.
void World::hear_attack(std::size_t router, const FramePool::Frame& frame) {
  Node& node = nodes_[router];
  trace_.add(now_, static_cast<int>(router), What::kAttack, frame.wire.instance < scenario_.instances ? 1 : 0);
  ++node.attacked;
  std::vector<std::byte> bytes = frame.bytes;
  if (mutant_ == Mutant::kBelievesAnyPassword)
    mutate_incoming(bytes, frame.wire, static_cast<std::uint8_t>(router + 1), mutant_);
  const auto timer = node.router->next();
  const Actions actions = node.router->on_frame("eth0", bytes, local(router));
  const bool quiet =
      std::ranges::all_of(actions, [](const Action& action) { return std::holds_alternative<notify::LogLine>(action); });
  if (!quiet || node.router->next() != timer) {
    throw Violation{fmt::format("router {}: an advert that it must reject has an effect", router)};
  }
  ++attacks_rejected_;
  if (mutant_ == Mutant::kRejectedAdvertRearmsTimer && checker_.owns(router, 0)) {
    node.late = scenario_.least_interval / 2;
    reschedule(router);
  }
}

void World::attack() {
  const std::size_t victim = attacker_.victim();
  std::vector<std::byte> bytes = attacker_.frame_for(victim);
  Wire wire = read_wire(bytes);
  wire.hostile = true;
  const FramePool::Id id = frames_.add(std::move(bytes), wire);
  arrive(victim, id);
  plan(now_ + attacker_.pause(), Event::Kind::kAttack, 0, 0);
}

// -- what a router asks for --

void World::carry_out(std::size_t router, Call call, Actions actions, std::uint32_t added) {
  mutate_actions(actions, call == Call::kStop, nodes_[router].adverts, mutant_);
  checker_.begin(router, call, now_);
  checker_.expect_added(added);
  for (Action& action : actions) {
    if (auto* frame = std::get_if<SendFrame>(&action)) {
      send(router, std::move(*frame));
    } else if (const auto* owner = std::get_if<SetOwner>(&action)) {
      const std::size_t instance = instance_of(owner->instance);
      trace_.add(now_, static_cast<int>(router), owner->owns ? What::kOwns : What::kDisowns, static_cast<int>(instance));
      if (checker_.on_owner(instance, owner->owns)) became_master(router, instance);
    }
  }
  checker_.end();
  if (call != Call::kStop) reschedule(router);
}

void World::became_master(std::size_t router, std::size_t instance) {
  if (last_master_[instance] && *last_master_[instance] != router) tally_.count(cause_, scenario_.routers);
  last_master_[instance] = router;
}

// Each rejected advert is counted exactly once.
void World::check_rejected(std::size_t router) const {
  const Router& core = *nodes_[router].router;
  std::uint64_t counted = core.strangers().unreadable + core.strangers().unknown_router;
  for (const InstanceStatus& status : core.status()) {
    for (const std::uint64_t count : status.counters.rejected) counted += count;
  }
  if (counted == nodes_[router].attacked) return;
  throw Violation{fmt::format("router {}: {} adverts to reject, {} counted", router, nodes_[router].attacked, counted)};
}

void World::check_counters() const {
  for (std::size_t i = 0; i < scenario_.routers; ++i) {
    if (facts_[i].running) check_rejected(i);
  }
}

}  // namespace penstock::vrrp::simulation
