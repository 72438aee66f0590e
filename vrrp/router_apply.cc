// A configuration becomes the one in force: by difference, so that a reload disturbs nobody who stays as he was.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "vrrp/router_impl.h"

namespace penstock::vrrp {

Actions Router::apply(const RouterSpec& spec, TimePoint now) {
  Impl& impl = *impl_;
  if (impl.stopped) return {};
  const bool reload = std::exchange(impl.configured, true);
  if (!reload && spec.startup_delay > Duration::zero()) {
    impl.start_at = now + spec.startup_delay;
    impl.out.info(
        fmt::format("Delaying startup for {:.3f} seconds", std::chrono::duration<double>(spec.startup_delay).count()));
  }
  impl.trackers.apply(spec);
  impl.replace_members(spec, now);
  impl.replace_groups(now);
  impl.index();
  impl.say_ignored_trackers();
  impl.settle(now);
  if (reload && spec.states_on_reload) impl.write_states();
  return impl.out.take();
}

void Router::Impl::replace_members(const RouterSpec& next, TimePoint now) {
  std::vector<Member> old = std::exchange(members, {});
  const auto find_old = [&](const InstanceSpec& instance) {
    return std::ranges::find_if(
        old, [&](const Member& member) { return member.router && is_same_router(member.router->spec(), instance); });
  };
  std::vector<std::unique_ptr<VirtualRouter>> kept;
  for (const InstanceSpec& instance : next.instances) {
    const auto found = find_old(instance);
    kept.push_back(found == old.end() ? nullptr : std::move(found->router));
  }
  // Those that go resign first, by the old configuration, so that their successors may use the same names.
  for (const Member& gone : old) {
    if (!gone.router) continue;
    const bool has_deleted = !gone.router->spec().notify.deleted.empty();
    gone.router->leave(has_deleted ? News::kDeleted : News::kFault, at(now));  // keepalived: FAULT without notify_deleted
    announcer.cancel(gone.router->spec().name);
  }
  spec = next;
  virtual_addresses.clear();
  for (const InstanceSpec& instance : spec.instances) {
    for (const VirtualAddress* held : held_addresses(instance)) virtual_addresses.insert(held->address);
  }
  members.reserve(spec.instances.size());
  for (std::size_t i = 0; i < spec.instances.size(); ++i) {
    const InstanceSpec& instance = spec.instances[i];
    if (kept[i]) {
      kept[i]->reconfigure(instance, at(now));
    } else {
      kept[i] = std::make_unique<VirtualRouter>(instance, now);
      // Whatever an earlier process left behind is not ours (keepalived does the same).
      out.own(instance.name, false);
      out.info(fmt::format("({}) removing VIPs.", instance.name));
    }
    members.push_back({.router = std::move(kept[i])});
  }
}

void Router::Impl::replace_groups(TimePoint now) {
  const std::vector<std::unique_ptr<SyncGroup>> old = std::exchange(groups, {});
  const auto add = [&](const SyncGroupSpec& group) {
    std::vector<VirtualRouter*> routers;
    std::vector<Member*> added;
    for (Member& member : members) {
      if (std::ranges::find(group.instances, member.router->spec().name) == group.instances.end()) continue;
      if (member.group != nullptr) continue;  // in the first of its groups only, as in keepalived
      routers.push_back(member.router.get());
      added.push_back(&member);
    }
    if (routers.empty()) return;
    groups.push_back(std::make_unique<SyncGroup>(group, std::move(routers), now));
    for (Member* member : added) member->group = groups.back().get();
    const auto before =
        std::ranges::find_if(old, [&](const auto& other) { return other->is_named() && other->spec().name == group.name; });
    if (before != old.end()) groups.back()->continue_from(**before);
    groups.back()->agree(at(now));
  };
  for (const SyncGroupSpec& group : spec.sync_groups) add(group);
  for (Member& member : members) {
    if (member.group == nullptr) add({.instances = {member.router->spec().name}});
  }
}

void Router::Impl::index() {
  listeners.clear();
  for (Member& member : members) {
    const InstanceSpec& instance = member.router->spec();
    listeners[instance.interface].push_back(
        {.virtual_router_id = instance.virtual_router_id, .family = instance.family, .member = &member});
  }
}

void Router::Impl::say_ignored_trackers() {
  for (const Member& member : members) {
    if (!member.group->is_named()) continue;
    const std::vector<std::string> ignored = ignored_trackers(member.router->spec(), member.group->spec());
    if (ignored.empty()) continue;
    out.info(
        fmt::format("({}) ignoring trackers with weights due to SYNC group: {}", member.router->spec().name, joined(ignored)));
  }
}

void Router::Impl::write_states() {
  for (const Member& member : members) {
    const std::optional<News> news = news_of(member.router->state());
    if (news) write_state(member.router->spec(), *news, member.router->priority(), spec, out);
  }
}

}  // namespace penstock::vrrp
