// What may happen to a router and to the LAN.
#include <algorithm>
#include <utility>

#include "tests/vrrp/simulation/world.h"
#include "vrrp/advert_check.h"

namespace penstock::vrrp::simulation {
namespace {

using namespace std::chrono_literals;
using What = Trace::What;

constexpr std::array<const char*, 2> kScripts{"weight", "condition"};

// What it is to a router of that configuration: an advert that it has to believe, or hostile.
Wire wire_of(std::span<const std::byte> frame, const RouterSpec& spec, const packet::IpAddress& own) {
  const Wire hostile{.hostile = true};
  const auto heard = read_frame(frame);
  if (!heard) return hostile;
  const auto number = virtual_router_id_of(heard->message);
  for (const InstanceSpec& instance : spec.instances) {
    if (number != instance.virtual_router_id || heard->source.family() != instance.family) continue;
    const auto accepted = judge(*heard, instance, {&own, 1}, false);
    if (!accepted) break;
    return {.kind = Wire::Kind::kAdvert,
            .instance = static_cast<std::uint8_t>(*number - kFirstVirtualRouter),
            .priority = accepted->advert.priority,
            .interval = accepted->advert.interval};
  }
  return hostile;
}

}  // namespace

void World::start(std::size_t router) {
  Facts& facts = facts_[router];
  Node& node = nodes_[router];
  if (facts.running) return;
  changed();
  trace_.add(now_, static_cast<int>(router), What::kStart);
  node.router = std::make_unique<Router>();
  facts.running = true;
  if (facts.is_eligible()) checker_.on_enabled(router, now_);
  RouterSpec spec = spec_of(scenario_, router, facts.config);
  mutate_spec(spec, mutant_);
  carry_out(router, Call::kStart, node.router->apply(spec, local(router)));
  const bool up = facts.link_up || mutant_ == Mutant::kIgnoresLinkDown;
  carry_out(router, Call::kInterface, node.router->on_interface("eth0", interface_of(scenario_, router, up), local(router)));
  for (std::size_t i = 0; scenario_.tracks_scripts && i < kScripts.size(); ++i) {
    const bool succeeds = facts.script_succeeds[i] || mutant_ == Mutant::kIgnoresTrackers;
    carry_out(router, Call::kScript, node.router->on_script(kScripts[i], succeeds, local(router)));
  }
}

void World::end_life(std::size_t router) {
  check_rejected(router);
  Node& node = nodes_[router];
  for (const FramePool::Id id : node.ring) frames_.release(id);
  node = {.life = node.life + 1};
  facts_[router].running = false;
  facts_[router].stalled = false;
  checker_.on_gone(router);
  checker_.refresh(now_);
}

void World::crash(std::size_t router) {
  if (!facts_[router].running) return;
  changed();
  trace_.add(now_, static_cast<int>(router), What::kCrash);
  end_life(router);
}

void World::stop(std::size_t router) {
  if (!facts_[router].running || facts_[router].stalled) return;
  changed();
  trace_.add(now_, static_cast<int>(router), What::kStop);
  carry_out(router, Call::kStop, nodes_[router].router->stop(local(router)));
  for (std::size_t i = 0; i < scenario_.instances; ++i) {
    if (checker_.owns(router, i)) throw Violation{"a router that has stopped keeps its addresses"};
  }
  end_life(router);
}

void World::stall(std::size_t router, Nanoseconds time) {
  Facts& facts = facts_[router];
  if (!facts.running || facts.stalled) return;
  changed();
  trace_.add(now_, static_cast<int>(router), What::kStall);
  facts.stalled = true;
  nodes_[router].stalled_since = now_;
  nodes_[router].wake.reset();
  checker_.refresh(now_);
  plan(now_ + time, Event::Kind::kResume, router, nodes_[router].life);
}

void World::resume(std::size_t router) {
  Facts& facts = facts_[router];
  Node& node = nodes_[router];
  changed();
  facts.stalled = false;
  trace_.add(now_, static_cast<int>(router), What::kResume, static_cast<std::int64_t>(node.ring.size()));
  checker_.on_resumed(router, now_ - node.stalled_since, now_);
  if (mutant_ == Mutant::kDoesNotListenAfterStall) {
    if (const auto due = node.router->next(); due && *due < local(router)) {
      carry_out(router, Call::kTime, node.router->on_time(*due));
    }
  }
  for (const FramePool::Id id : std::exchange(node.ring, {})) {
    hear(router, id);
    frames_.release(id);
  }
  carry_out(router, Call::kTime, node.router->on_time(local(router)));
}

void World::set_link(std::size_t router, bool up) {
  Facts& facts = facts_[router];
  if (facts.stalled || facts.link_up == up) return;
  changed();
  trace_.add(now_, static_cast<int>(router), up ? What::kLinkUp : What::kLinkDown);
  facts.link_up = up;
  if (!facts.running) return;
  if (facts.is_eligible()) checker_.on_enabled(router, now_);
  if (mutant_ == Mutant::kIgnoresLinkDown) up = true;
  carry_out(router, Call::kInterface,
            nodes_[router].router->on_interface("eth0", interface_of(scenario_, router, up), local(router)));
}

void World::set_script(std::size_t router, std::size_t script, bool succeeds) {
  Facts& facts = facts_[router];
  if (facts.stalled || facts.script_succeeds[script] == succeeds) return;
  changed();
  trace_.add(now_, static_cast<int>(router), succeeds ? What::kScriptWell : What::kScriptFails, static_cast<int>(script));
  facts.script_succeeds[script] = succeeds;
  if (!facts.running) return;
  if (facts.is_eligible()) {
    if (script == 0) checker_.on_disturbed(router, now_);
    if (script == 1) checker_.on_enabled(router, now_);
  }
  if (mutant_ == Mutant::kIgnoresTrackers) succeeds = true;
  carry_out(router, Call::kScript, nodes_[router].router->on_script(kScripts[script], succeeds, local(router)));
}

void World::reload(std::size_t router, const RouterConfig& config) {
  Facts& facts = facts_[router];
  if (facts.stalled) return;
  changed();
  trace_.add(now_, static_cast<int>(router), What::kReload, config.priority, config.interval.count() / 1000);
  const std::uint32_t before = held_addresses_of(scenario_, facts.config);
  facts.config = config;
  if (!facts.running) return;
  checker_.on_disturbed(router, now_);
  RouterSpec spec = spec_of(scenario_, router, mutant_ == Mutant::kForgetsReload ? scenario_.configs[router] : config);
  mutate_spec(spec, mutant_);
  carry_out(router, Call::kReload, nodes_[router].router->apply(spec, local(router)),
            held_addresses_of(scenario_, config) & ~before);
}

void World::cut(std::size_t from, std::size_t to) {
  changed();
  trace_.add(now_, static_cast<int>(from), What::kCut, static_cast<int>(to));
  lan_.cut(from, to);
}

void World::heal() {
  changed();
  trace_.add(now_, Trace::kNobody, What::kHeal);
  lan_.heal();
}

void World::begin_burst(unsigned lost, unsigned duplicated, Nanoseconds delay) {
  changed();
  trace_.add(now_, Trace::kNobody, What::kBurst, lost, duplicated);
  lan_.begin_burst(lost, duplicated, delay);
}

void World::end_burst() {
  trace_.add(now_, Trace::kNobody, What::kCalm);
  disturbed_at_ = std::max(disturbed_at_, now_ + lan_.most_delay());  // frames of the bad times may be under way so long
  lan_.end_burst();
}

void World::receive(std::size_t router, std::vector<std::byte> frame) {
  const RouterSpec spec = spec_of(scenario_, router, facts_[router].config);
  const Wire wire = wire_of(frame, spec, address_of(scenario_.family, router));
  if (!wire.hostile) {
    // Another interval than the scenario's would change how long all have to wait; so would a second owner of the addresses,
    // before whom the first one's priority no longer is what it is configured to be.
    if (wire.interval < scenario_.least_interval || wire.interval > scenario_.most_interval) return;
    const bool two_owners =
        facts_[router].config.priority == InstanceSpec::kOwnerPriority && wire.priority == InstanceSpec::kOwnerPriority;
    if (two_owners) return;
    changed();
  }
  arrive(router, frames_.add(std::move(frame), wire));
}

}  // namespace penstock::vrrp::simulation
