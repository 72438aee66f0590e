// What VRRP's thread knows, for listings.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

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

}  // namespace penstock::control
