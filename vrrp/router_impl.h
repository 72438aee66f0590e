// The inside of Router: who there is, and the ways from an event to the instances that it concerns.
//
// Each instance is in exactly one group; those without a configured one are alone in a group without a name, so that there is
// one way only from an event to its consequences.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "vrrp/announcer.h"
#include "vrrp/interfaces.h"
#include "vrrp/line_limiter.h"
#include "vrrp/outbox.h"
#include "vrrp/router.h"
#include "vrrp/sync_group.h"
#include "vrrp/trackers.h"
#include "vrrp/virtual_router.h"

namespace penstock::vrrp {

struct Router::Impl {
  struct Member {
    std::unique_ptr<VirtualRouter> router{};
    SyncGroup* group = nullptr;
  };
  // Whose adverts these are, among those of one interface.
  struct Listener {
    std::uint8_t virtual_router_id = 0;
    packet::Family family{};
    Member* member = nullptr;
  };

  [[nodiscard]] Circumstances at(TimePoint now) {
    return {.spec = spec, .interfaces = interfaces, .announcer = announcer, .out = out, .now = now};
  }
  // router_apply.cc
  void replace_members(const RouterSpec& next, TimePoint now);
  void replace_groups(TimePoint now);
  void index();
  void say_ignored_trackers();
  void write_states();

  // router.cc
  // After something that instances depend on has changed: assesses them all, and lets their groups follow.
  void settle(TimePoint now);
  [[nodiscard]] bool may_start(TimePoint now) const { return !start_at || *start_at <= now; }
  [[nodiscard]] bool is_watched(const std::string& interface) const;
  void hear_stranger(const std::string& interface, std::uint8_t virtual_router_id, TimePoint now);

  RouterSpec spec;
  bool configured = false;
  bool stopped = false;
  std::optional<TimePoint> start_at;  // the end of the start-up delay
  Interfaces interfaces;
  Trackers trackers;
  Announcer announcer;
  Outbox out;
  std::vector<Member> members;                     // in the configuration's order; never moved while groups point into them
  std::vector<std::unique_ptr<SyncGroup>> groups;  // the configured ones first, in their order
  std::unordered_map<std::string, std::vector<Listener>> listeners;
  std::set<packet::IpAddress> virtual_addresses;
  Strangers strangers;
  LineLimiter lines;
};

}  // namespace penstock::vrrp
