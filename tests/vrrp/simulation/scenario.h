// A scenario: which routers there are and how they are configured, all of it drawn from a seed.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/vrrp/simulation/random.h"
#include "vrrp/router.h"

namespace penstock::vrrp::simulation {

inline constexpr std::size_t kLeastRouters = 2;
inline constexpr std::size_t kMostRouters = 5;
inline constexpr std::size_t kRouterCounts = kMostRouters - kLeastRouters + 1;
inline constexpr std::size_t kMostInstances = 2;
inline constexpr std::uint32_t kFirstExcluded = 16;  // VIPs from this number on are virtual_ipaddress_excluded
inline constexpr int kScriptWeight = -120;

// One router's configuration, as a reload may change it. The instances of a group are alike.
struct RouterConfig {
  std::uint8_t priority = 100;
  Duration interval{};
  std::uint32_t addresses = 1;  // VIPs in adverts
  bool nopreempt = false;
  Duration preempt_delay{};
};

struct Scenario {
  std::uint64_t seed = 0;
  std::size_t routers = 2;
  std::size_t instances = 1;  // two: in a sync group
  std::uint8_t version = 2;
  packet::Family family = packet::Family::kIpv4;
  bool password = false;
  bool pseudo_header = true;
  bool unicast = false;
  bool virtual_mac = false;
  bool equal_priorities = false;
  bool owner = false;  // router 0 has priority 255 and `state MASTER`
  bool tracks_scripts = false;
  bool attacked = false;
  bool answers_lower_priority = true;
  bool advert_before_yielding = false;
  std::uint8_t down_timer_adverts = 3;
  std::uint32_t excluded = 0;
  Duration least_interval{};
  Duration most_interval{};  // v3 may differ between routers and by reloads
  AnnouncementSpec announcement{};
  Nanoseconds least_delay{};
  Nanoseconds most_delay{};  // of a frame, outside of bad times
  unsigned duplicated = 0;   // per cent of frames
  unsigned episodes = 0;
  std::size_t ring = 64;  // frames that are kept for a router that isn't run
  std::array<RouterConfig, kMostRouters> configs{};

  [[nodiscard]] std::uint8_t draw_priority(Random& random) const;
};

[[nodiscard]] Scenario draw_scenario(std::uint64_t seed);
[[nodiscard]] RouterSpec spec_of(const Scenario& scenario, std::size_t router, const RouterConfig& config);
[[nodiscard]] InterfaceState interface_of(const Scenario& scenario, std::size_t router, bool up);
[[nodiscard]] packet::MacAddress mac_of(std::size_t router);
// What announces its VIPs: its own MAC address, or the virtual router's.
[[nodiscard]] packet::MacAddress announced_mac(const Scenario& scenario, std::size_t router, std::size_t instance);
[[nodiscard]] packet::IpAddress address_of(packet::Family family, std::size_t router);
[[nodiscard]] std::string name_of(std::size_t instance);
[[nodiscard]] std::size_t instance_of(const std::string& name);
// A bit for each VIP.
[[nodiscard]] std::uint32_t held_addresses_of(const Scenario& scenario, const RouterConfig& config);
[[nodiscard]] std::string describe(const Scenario& scenario);

}  // namespace penstock::vrrp::simulation
