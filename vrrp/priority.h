// What an instance is fit for now: its effective priority with each tracker's share, and whether anything puts it into FAULT.
//
// keepalived's sums (vrrp_track.c): a positive weight is added while the tracker succeeds, a negative one while it fails; with
// `reverse` the same moment counts with the opposite sign. The sum stays within 1..254; an owner's 255 never changes. A tracker
// without a weight is a condition; with `reverse` its success is what fails the instance.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "vrrp/interfaces.h"
#include "vrrp/router.h"
#include "vrrp/trackers.h"

namespace penstock::vrrp {

struct Assessment {
  std::uint8_t priority = 100;
  std::vector<PriorityShare> shares{};
  std::vector<std::string> faults{};  // reasons for FAULT: "interface eth0 down"
  std::string waits_for{};            // what isn't known yet, so that it can't start; empty: nothing
  std::optional<packet::IpAddress> source{};
  std::vector<packet::IpAddress> own{};  // own_addresses()

  friend bool operator==(const Assessment&, const Assessment&) = default;
};

struct Knowledge {
  const Interfaces& interfaces;
  const Trackers& trackers;
  const std::set<packet::IpAddress>& virtual_addresses;  // of all instances
};

// `group`: the sync group's own trackers, which count for each member; null without one. In a group the member's own weighted
// trackers count only with members_weights.
[[nodiscard]] Assessment assess(const InstanceSpec& spec, const SyncGroupSpec* group, const Knowledge& known);

// The member's trackers that assess() leaves out because it is in this group, by name.
[[nodiscard]] std::vector<std::string> ignored_trackers(const InstanceSpec& spec, const SyncGroupSpec& group);

// With commas between them: for log lines.
[[nodiscard]] std::string joined(const std::vector<std::string>& words);

}  // namespace penstock::vrrp
