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
#include "vrrp/spec/router_spec.h"

namespace penstock::config {

using packet::Endpoint;
using packet::IpAddress;
using packet::Protocol;

// How a virtual service picks a real server for a new connection (keepalived's lb_algo, IPVS's scheduler names).
enum class Scheduler : std::uint8_t { kRoundRobin, kWeightedRoundRobin, kLeastConnection, kWeightedLeastConnection, kMaglev };

// "rr", "wrr", "lc", "wlc", "mh": as keepalived.conf and ipvsadm spell them.
[[nodiscard]] std::string_view to_string(Scheduler scheduler);

// What may stand beside `lb_algo mh`; nothing of it with other schedulers.
struct MaglevFlags {
  bool port = false;      // mh-port: the client's port is hashed, too
  bool fallback = false;  // mh-fallback: another server when the client's own can't take it

  friend bool operator==(const MaglevFlags&, const MaglevFlags&) = default;
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
  MaglevFlags maglev_flags{};
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
  std::vector<VirtualServer> virtual_servers;
  healthcheck::GlobalPolicy health{};
  healthcheck::MailPolicy mail{};
  vrrp::RouterSpec vrrp{};

  friend bool operator==(const Model&, const Model&) = default;
};

}  // namespace penstock::config
