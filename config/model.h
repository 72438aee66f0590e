// What a keepalived.conf means to Penstock: plain values, resolved and checked, without a trace of the text they came from.
//
// The binder (config/binder.h) makes a Model from a parsed file; control/ turns it into what the data plane forwards by. Two
// models compare equal exactly when they mean the same. Durations and counts carry keepalived's defaults and ranges.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/packet/ip_address.h"
#include "healthcheck/spec/policy.h"

namespace penstock::config {

using packet::Endpoint;
using packet::IpAddress;
using packet::Protocol;

// How a virtual service picks a real server for a new connection (keepalived's lb_algo, IPVS's scheduler names).
enum class Scheduler : std::uint8_t { kRoundRobin, kWeightedRoundRobin, kLeastConnection, kWeightedLeastConnection };

// "rr", "wrr", "lc", "wlc": as keepalived.conf and ipvsadm spell them.
[[nodiscard]] std::string_view to_string(Scheduler scheduler);

// One address of a virtual_ipaddress block.
struct VirtualAddress {
  IpAddress address;
  std::uint8_t prefix_length = 32;     // 0..32 or 0..128; without a mask: all bits
  std::string interface;               // `dev`, else the instance's interface; never empty in a bound model
  std::optional<IpAddress> broadcast;  // `brd`; `brd +` and `brd -` are resolved here
  std::optional<std::uint8_t> scope;   // rtnetlink's numbers: global 0, site 200, link 253, host 254
  std::string label;                   // "eth0:1"; empty: none

  friend bool operator==(const VirtualAddress&, const VirtualAddress&) = default;
};

struct VrrpInstance {
  enum class State : std::uint8_t { kBackup, kMaster };

  std::string name;
  std::string interface;
  State initial_state = State::kBackup;
  std::uint8_t virtual_router_id = 0;  // 1..255
  std::uint8_t priority = 100;         // 1..255; 255 when `state MASTER` stands without a priority
  std::uint8_t version = 2;            // 2 or 3
  std::chrono::milliseconds advert_interval{1000};
  bool nopreempt = false;
  std::string auth_pass;  // at most 8 bytes, empty: no authentication. A secret: never logged or dumped.
  std::vector<VirtualAddress> virtual_addresses;
  std::vector<VirtualAddress> excluded_addresses;  // virtual_ipaddress_excluded: held like the others, but not in adverts

  friend bool operator==(const VrrpInstance&, const VrrpInstance&) = default;
};

struct VrrpSyncGroup {
  std::string name;
  std::vector<std::string> instances;

  friend bool operator==(const VrrpSyncGroup&, const VrrpSyncGroup&) = default;
};

struct RealServer {
  Endpoint endpoint;                  // direct routing: the port is always the virtual server's
  std::uint32_t weight = 1;           // 0..2^31-1; 0: no new connections, the old ones stay
  std::uint32_t upper_threshold = 0;  // connections at which the server gets no more, 0: no limit (uthreshold)
  std::uint32_t lower_threshold = 0;  // connections below which it gets some again (lthreshold)
  healthcheck::ServerPolicy health{};

  friend bool operator==(const RealServer&, const RealServer&) = default;
};

struct VirtualServer {
  Endpoint endpoint;
  Protocol protocol = Protocol::kUdp;  // keepalived's default where the file names none
  Scheduler scheduler = Scheduler::kWeightedLeastConnection;
  std::vector<RealServer> real_servers;  // in the file's order
  healthcheck::ServicePolicy health{};

  friend bool operator==(const VirtualServer&, const VirtualServer&) = default;
};

// lvs_timeouts; unset ones keep IPVS's own values (900 s, 120 s, 300 s).
struct LvsTimeouts {
  std::chrono::seconds tcp{900};
  std::chrono::seconds tcp_fin{120};
  std::chrono::seconds udp{300};

  friend bool operator==(const LvsTimeouts&, const LvsTimeouts&) = default;
};

struct Model {
  std::string router_id;
  LvsTimeouts lvs_timeouts;
  std::vector<VrrpInstance> vrrp_instances;
  std::vector<VrrpSyncGroup> vrrp_sync_groups;
  std::vector<VirtualServer> virtual_servers;
  healthcheck::GlobalPolicy health{};
  healthcheck::MailPolicy mail{};

  friend bool operator==(const Model&, const Model&) = default;
};

}  // namespace penstock::config
