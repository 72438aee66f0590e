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

// lvs_sync_daemon: connections are told to the other director by IPVS's own protocol, by who is master of `instance`.
struct SyncDaemon {
  // Bytes of a datagram's payload; the bounds are those that the kernel brings a value into.
  static constexpr std::uint16_t kLeastLength = 1;
  static constexpr std::uint16_t kMostLength = 65507;
  // What fits into a frame of 1500 bytes: net/netfilter/ipvs/ip_vs_sync.c, start_sync_thread.
  [[nodiscard]] static std::uint16_t default_max_length(const IpAddress& group) {
    return group.family() == packet::Family::kIpv4 ? 1472 : 1452;
  }

  std::string interface;
  std::string instance;
  std::uint8_t id = 0;  // datagrams with another one are not ours
  std::uint16_t max_length = 1472;
  std::uint16_t port = 8848;
  std::uint8_t ttl = 1;
  IpAddress group{packet::Ipv4Address{0xe000'0051}};

  friend bool operator==(const SyncDaemon&, const SyncDaemon&) = default;
};

struct Model {
  std::string router_id;
  LvsTimeouts lvs_timeouts;
  std::optional<SyncDaemon> sync{};
  std::vector<VirtualServer> virtual_servers;
  healthcheck::GlobalPolicy health{};
  healthcheck::MailPolicy mail{};
  vrrp::RouterSpec vrrp{};

  friend bool operator==(const Model&, const Model&) = default;
};

}  // namespace penstock::config
