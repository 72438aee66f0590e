// What VRRP's thread and the control thread know of VRRP, for listings. Plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/packet/mac_address.h"
#include "vrrp/router.h"

namespace penstock::control {

struct VrrpThreadStatus {
  std::vector<vrrp::InstanceStatus> instances{};
  std::vector<vrrp::SyncGroupStatus> sync_groups{};
  vrrp::Router::Strangers strangers{};
  std::uint64_t frames_lost = 0;           // to send: the ring was full for too long
  std::uint64_t frames_without_way = 0;    // to unicast peers whose MAC address isn't known
  std::chrono::nanoseconds worst_delay{};  // of a timer
};

// Somebody else's MAC address claimed one of our addresses while we were master for it (vip_conflicts.h).
struct VipConflict {
  std::string instance{};
  std::string interface{};  // where it was heard
  packet::IpAddress address{};
  packet::MacAddress mac{};
  std::optional<packet::IpAddress> real_server{};  // whose MAC address that is
  std::uint64_t count = 0;
  vrrp::TimePoint first{};
  vrrp::TimePoint last{};
};

// All of it, and the two clocks to tell its times by.
struct VrrpStatus {
  vrrp::RouterSpec spec{};  // in force; secrets are replaced by hide_secrets()
  VrrpThreadStatus thread{};
  std::vector<VipConflict> conflicts{};
  std::uint64_t not_accepted = 0;  // frames to addresses without Accept_Mode, dropped
  vrrp::TimePoint now{};
  std::chrono::system_clock::time_point wall_clock_now{};
};

// What stands where a password was.
inline constexpr char kHiddenSecret[] = "********";

inline void hide_secrets(vrrp::RouterSpec& spec) {
  for (vrrp::InstanceSpec& instance : spec.instances) {
    if (!instance.auth_pass.empty()) instance.auth_pass = kHiddenSecret;
  }
}

}  // namespace penstock::control
