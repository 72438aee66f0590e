#include "vrrp/router.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "vrrp/router_impl.h"

namespace penstock::vrrp {

std::string_view to_string(State state) {
  switch (state) {
    case State::kInit: return "INIT";
    case State::kBackup: return "BACKUP";
    case State::kMaster: return "MASTER";
    case State::kFault: return "FAULT";
  }
  std::unreachable();
}

Router::Router() : impl_{std::make_unique<Impl>()} {}
Router::~Router() = default;

// -- what instances depend on --

void Router::Impl::settle(TimePoint now) {
  const Circumstances now_here = at(now);
  const Knowledge known{.interfaces = interfaces, .trackers = trackers, .virtual_addresses = virtual_addresses};
  for (const Member& member : members) {
    const SyncGroupSpec* group = member.group->is_named() ? &member.group->spec() : nullptr;
    member.router->assess(vrrp::assess(member.router->spec(), group, known), now_here);
  }
  for (const auto& group : groups) group->settle(may_start(now), now_here);
}

bool Router::Impl::is_watched(const std::string& interface) const {
  const auto is_named = [&](const TrackLine& line) { return line.name == interface; };
  const auto tracks = [&](const Tracking& tracking) { return std::ranges::any_of(tracking.interfaces, is_named); };
  const auto depends = [&](const InstanceSpec& instance) {
    return instance.interface == interface || (instance.virtual_mac && instance.virtual_mac->interface == interface) ||
           tracks(instance.tracking);
  };
  return std::ranges::any_of(spec.instances, depends) ||
         std::ranges::any_of(spec.sync_groups, [&](const SyncGroupSpec& group) { return tracks(group.tracking); });
}

Actions Router::on_interface(const std::string& name, const InterfaceState& state, TimePoint now) {
  const InterfaceState* known = impl_->interfaces.find(name);
  if (impl_->stopped || (known != nullptr && *known == state)) return {};
  const bool changed_link = known != nullptr && known->up != state.up;
  const bool announces = known != nullptr && state.up && (!known->up || known->mac != state.mac);
  if (changed_link && impl_->is_watched(name)) {
    impl_->out.info(fmt::format("Netlink reports {} {}", name, state.up ? "up" : "down"));
  }
  impl_->interfaces.set(name, state);
  if (!impl_->configured) return impl_->out.take();
  impl_->settle(now);
  if (announces) {
    for (const Impl::Member& member : impl_->members) member.router->on_link_up(name, impl_->at(now));
  }
  return impl_->out.take();
}

Actions Router::on_script(const std::string& tracker, bool success, TimePoint now, std::string_view result) {
  if (impl_->stopped || !impl_->trackers.on_script(tracker, success)) return {};
  impl_->out.info(fmt::format("VRRP_Script({}) {}{}", tracker, success ? "succeeded" : "failed",
                              success || result.empty() ? std::string{} : fmt::format(" ({})", result)));
  impl_->settle(now);
  return impl_->out.take();
}

Actions Router::on_processes(const std::string& tracker, bool enough, TimePoint now) {
  const bool first = !impl_->trackers.processes(tracker);
  if (impl_->stopped || !impl_->trackers.on_processes(tracker, enough)) return {};
  if (!first) impl_->out.info(fmt::format("Quorum {} for tracked process {}", enough ? "gained" : "lost", tracker));
  impl_->settle(now);
  return impl_->out.take();
}

Actions Router::on_file(const std::string& tracker, std::int64_t value, TimePoint now) {
  if (impl_->stopped || !impl_->trackers.on_file(tracker, value)) return {};
  impl_->settle(now);
  return impl_->out.take();
}

Actions Router::on_address_lost(const std::string& interface, const packet::IpAddress& address, TimePoint now) {
  if (impl_->stopped) return {};
  const Circumstances at = impl_->at(now);
  for (const Impl::Member& member : impl_->members) {
    const VirtualRouter::Outcome outcome = member.router->on_address_lost(address, interface, at);
    if (outcome == VirtualRouter::Outcome::kNothing) continue;
    impl_->out.info(fmt::format("Netlink reflector reports IP {} removed from {}", address.to_string(), interface));
    member.group->follow(*member.router, outcome, at);
  }
  return impl_->out.take();
}

// -- frames --

Actions Router::on_frame(const std::string& interface, std::span<const std::byte> frame, TimePoint arrival) {
  if (impl_->stopped) return {};
  const std::optional<HeardFrame> heard = read_frame(frame);
  const std::optional<std::uint8_t> id = heard ? virtual_router_id_of(heard->message) : std::nullopt;
  if (!id) {
    ++impl_->strangers.unreadable;
    return {};
  }
  if (const auto here = impl_->listeners.find(interface); here != impl_->listeners.end()) {
    for (const Impl::Listener& listener : here->second) {
      if (listener.virtual_router_id != *id || listener.family != heard->source.family()) continue;
      VirtualRouter& router = *listener.member->router;
      const Circumstances at = impl_->at(arrival);
      listener.member->group->follow(router, router.on_advert(*heard, at), at);
      return impl_->out.take();
    }
  }
  impl_->hear_stranger(interface, *id, arrival);
  return impl_->out.take();
}

void Router::Impl::hear_stranger(const std::string& interface, std::uint8_t virtual_router_id, TimePoint now) {
  ++strangers.unknown_router;
  if (!spec.logs_unknown_routers || !lines.allows(std::hash<std::string>{}(interface) + virtual_router_id, now)) return;
  out.info(
      fmt::format("Unknown VRID({}) received on interface({}). ignoring...", static_cast<int>(virtual_router_id), interface));
}

// -- time --

Actions Router::on_time(TimePoint now) {
  if (impl_->stopped) return {};
  if (impl_->start_at && *impl_->start_at <= now) {
    impl_->start_at.reset();
    impl_->settle(now);
  }
  const Circumstances at = impl_->at(now);
  // All adverts before any announcement.
  for (const Impl::Member& member : impl_->members) member.group->follow(*member.router, member.router->on_timer(at), at);
  for (const Impl::Member& member : impl_->members) member.router->on_announcement_time(at);
  impl_->announcer.on_time(impl_->interfaces, now, impl_->out);
  return impl_->out.take();
}

std::optional<TimePoint> Router::next() const {
  std::optional<TimePoint> earliest = impl_->stopped ? std::nullopt : impl_->start_at;
  const auto consider = [&](const std::optional<TimePoint>& moment) {
    if (moment && (!earliest || *moment < *earliest)) earliest = moment;
  };
  for (const Impl::Member& member : impl_->members) consider(member.router->next());
  consider(impl_->announcer.next());
  return earliest;
}

std::optional<TimePoint> Router::next_takeover() const {
  std::optional<TimePoint> earliest;
  for (const Impl::Member& member : impl_->members) {
    const std::optional<TimePoint> takeover = member.router->takeover();
    if (takeover && (!earliest || *takeover < *earliest)) earliest = takeover;
  }
  return earliest;
}

Actions Router::announce_again(TimePoint now) {
  if (impl_->stopped) return {};
  for (const Impl::Member& member : impl_->members) member.router->announce_again(impl_->at(now));
  return impl_->out.take();
}

// -- the end --

Actions Router::stop(TimePoint now) {
  if (impl_->stopped) return {};
  const Circumstances at = impl_->at(now);
  for (const Impl::Member& member : impl_->members) member.router->leave(News::kStop, at);
  for (const auto& group : impl_->groups) group->stop(at);
  impl_->stopped = true;
  return impl_->out.take();
}

// -- listings --

std::vector<InstanceStatus> Router::status() const {
  std::vector<InstanceStatus> all;
  all.reserve(impl_->members.size());
  for (const Impl::Member& member : impl_->members) all.push_back(member.router->status(impl_->announcer));
  return all;
}

std::vector<SyncGroupStatus> Router::sync_groups() const {
  std::vector<SyncGroupStatus> all;
  for (const auto& group : impl_->groups) {
    if (group->is_named()) all.push_back(group->status());
  }
  return all;
}

void Router::clear_counters() {
  for (const Impl::Member& member : impl_->members) {
    member.router->clear_counters();
    impl_->announcer.clear_count(member.router->spec().name);
  }
}

const Router::Strangers& Router::strangers() const { return impl_->strangers; }

}  // namespace penstock::vrrp
