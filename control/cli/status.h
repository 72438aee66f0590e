// What the daemon tells about itself: plain values, copied out of the running program, that every listing is printed from.
//
// The daemon fills them (control/cli/status_source.h), the printers (ipvsadm_listing.h, show.h, show_json.h) only read them.
// Nothing here points into live state, so a listing can take its time. Counters are since the daemon's start; rates are per
// second.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/health/verdict_latency.h"
#include "control/loop/turn_statistics.h"
#include "control/vrrp/vrrp_status.h"
#include "dataplane/packet/drop_reason.h"
#include "dataplane/packet/ip_address.h"
#include "dataplane/packet/mac_address.h"
#include "healthcheck/io/punctuality.h"
#include "healthcheck/monitor.h"

namespace penstock::control {

// IPVS's five counters. With direct routing answers bypass the director, so the outgoing ones stay 0.
struct Counters {
  std::uint64_t connections = 0;
  std::uint64_t in_packets = 0;
  std::uint64_t out_packets = 0;
  std::uint64_t in_bytes = 0;
  std::uint64_t out_bytes = 0;
};

// The same five per second, smoothed by the daemon.
using Rates = Counters;

enum class ServerState : std::uint8_t {
  kAvailable,   // takes new connections (when its weight is above 0)
  kUnresolved,  // never had a next hop's MAC address: gets no new connections
  kLocal,       // is the director itself: its packets go to the kernel
  kDown,        // a check failed: only its old connections remain, and they wait
  kRemoved,     // no longer configured: likewise
};

// "available", "unresolved", "local", "down", "removed": as tables and JSON spell them.
[[nodiscard]] std::string_view to_string(ServerState state);

// Where the packets for a real server go.
struct NextHopStatus {
  packet::IpAddress address{};  // the real server's own, or the router's on the way to it
  std::string interface{};      // as in keepalived.conf
  packet::MacAddress mac{};
  std::string neighbour_state{};  // the kernel's word: "REACHABLE", "STALE", "FAILED", ...
};

struct RealServerStatus {
  packet::Endpoint endpoint{};
  std::uint32_t weight = 1;
  std::string_view forwarding = "Route";  // ipvsadm's word: Route (direct routing), Masq, Tunnel
  std::uint64_t active_connections = 0;
  std::uint64_t inactive_connections = 0;
  std::uint64_t persistent_connections = 0;
  std::uint32_t upper_threshold = 0;  // 0: none
  std::uint32_t lower_threshold = 0;
  Counters counters{};
  Rates rates{};
  ServerState state = ServerState::kAvailable;
  std::optional<NextHopStatus> next_hop{};  // none: not known (yet), or local
};

// What ipvsadm prints after the scheduler. Nothing set: nothing printed.
struct ServiceFlags {
  std::vector<std::string> scheduler_flags{};         // "sh-port", ...
  std::optional<std::chrono::seconds> persistence{};  // timeout of persistent connections
  std::optional<unsigned> persistence_prefix{};       // bits of a client's address that count; unset: all
  bool one_packet = false;
};

struct ServiceStatus {
  packet::Protocol protocol = packet::Protocol::kTcp;
  packet::Endpoint endpoint{};
  std::string scheduler{};  // "rr", "wlc", ...
  ServiceFlags flags{};
  Counters counters{};  // also those of servers that are gone
  Rates rates{};
  std::vector<RealServerStatus> servers{};  // in the configuration's order; those down or removed last
};

struct ConnectionStatus {
  packet::Protocol protocol = packet::Protocol::kTcp;
  std::string_view state{};      // "ESTABLISHED", "FIN_WAIT", "UDP", ...: a name with static storage
  std::uint32_t expires_in = 0;  // seconds
  packet::Endpoint source{};
  packet::Endpoint virtual_service{};
  packet::Endpoint destination{};
  std::optional<std::uint8_t> worker{};  // nothing: learned from the peer, it waits for a takeover
  std::uint32_t flags = 0;               // IPVS's IP_VS_CONN_F_* bits, 0 where none applies
};

// A worker's frames by what became of them; the sum of a worker's actions is its `received`.
struct ActionCounts {
  std::uint64_t forwarded = 0;
  std::uint64_t replied = 0;
  std::uint64_t punted = 0;
  std::uint64_t handed_over = 0;
  std::uint64_t held = 0;
  std::uint64_t dropped = 0;
};

struct TableUse {
  std::uint64_t used = 0;
  std::uint64_t capacity = 0;
};

struct WorkerStatus {
  unsigned index = 0;
  unsigned cpu = 0;
  std::uint64_t polls = 0;
  // Of the last second.
  double busy = 0;               // share of the time that packets took, 0..1
  double cycles_per_packet = 0;  // of the time stamp counter; 0: there were none
  double packets_per_burst = 0;
  std::vector<std::pair<std::string_view, double>>
      stages{};  // each one's cycles per packet, in order; empty: not measured, or no packets
  // Since the start.
  std::uint64_t received = 0;
  std::uint64_t transmitted = 0;
  ActionCounts actions{};
  TableUse connections_v4{};
  TableUse connections_v6{};
  std::uint64_t table_full_evicted = 0;    // an older connection gave way
  std::uint64_t table_full_stateless = 0;  // forwarded without an entry
};

struct DropStatus {
  packet::DropReason reason{};
  std::uint64_t count = 0;                  // sum over the workers
  std::vector<std::uint64_t> per_worker{};  // by worker index
};

struct PortStatus {
  std::string name{};    // as in keepalived.conf
  std::string device{};  // the DPDK device string
  packet::MacAddress mac{};
  unsigned mtu = 0;
  bool link_up = false;
  unsigned link_mbps = 0;  // 0: unknown
  unsigned rx_queues = 0;
  unsigned tx_queues = 0;
  std::uint64_t rx_packets = 0;
  std::uint64_t rx_bytes = 0;
  std::uint64_t tx_packets = 0;
  std::uint64_t tx_bytes = 0;
  std::uint64_t rx_missed = 0;  // lost by the device: no descriptor or no buffer was free
  std::uint64_t rx_errors = 0;
  std::uint64_t tx_errors = 0;
};

// A connection synchronisation daemon, as `ipvsadm -L --daemon` prints it.
struct SyncDaemonStatus {
  bool master = true;
  std::string interface{};
  unsigned sync_id = 0;
  unsigned max_length = 1472;
  packet::IpAddress group{};
  std::uint16_t port = 8848;
  unsigned ttl = 1;
};

struct SyncRefusalStatus {
  std::string_view name{};
  std::string_view meaning{};
  std::uint64_t count = 0;  // datagrams or entries
};

// What connection sync has done since the daemon's start or the last change of its configuration.
struct SyncStatus {
  std::optional<SyncDaemonStatus> daemon{};  // nothing: not configured
  std::string instance{};                    // the vrrp_instance whose state it follows
  std::string error{};                       // why the network can't be used now
  std::uint64_t datagrams_sent = 0;
  std::uint64_t datagrams_failed = 0;
  std::uint64_t entries_sent = 0;
  std::uint64_t entries_lost = 0;  // a worker's ring was full
  std::uint64_t entries_given_up = 0;
  std::uint64_t entries_forgotten = 0;
  std::uint64_t datagrams_received = 0;
  std::uint64_t entries_new = 0;
  std::uint64_t entries_updated = 0;
  std::uint64_t waiting = 0;  // connections of the other director that no packet has used here yet
  std::uint64_t room = 0;
  std::uint64_t claimed = 0;
  std::uint64_t dumps_sent = 0;
  std::uint64_t dumps_received = 0;
  std::chrono::nanoseconds last_dump{0};
  bool is_sending_dump = false;
  bool is_asking_for_dump = false;
  std::chrono::nanoseconds lag{0};  // how long what was told last may have waited for it
  std::chrono::nanoseconds worst_lag{0};
  std::vector<SyncRefusalStatus> refusals{};  // one for each reason, zero counts included
};

// What the monitor knows, and the two clocks to tell its times by.
struct ChecksStatus {
  std::vector<healthcheck::Monitor::ServiceStatus> services{};  // in the configuration's order
  healthcheck::Punctuality punctuality{};
  VerdictLatency verdict_latency{};
  healthcheck::TimePoint now{};
  std::chrono::system_clock::time_point wall_clock_now{};
};

// A thread of the control side and its event loop.
struct ThreadStatus {
  std::string name{};
  TurnStatistics turns{};
  std::optional<std::chrono::nanoseconds> worst_timer_delay{};  // how late its latest timer ran; nothing: not measured
};

struct DaemonStatus {
  std::string version{};
  std::chrono::seconds uptime{0};
  std::chrono::seconds timeout_tcp{900};
  std::chrono::seconds timeout_tcp_fin{120};
  std::chrono::seconds timeout_udp{300};
  std::uint64_t connection_table_size = 4096;  // entries of all workers: the "size=" of ipvsadm's first line
  double packets_per_second = 0;
  std::uint64_t snapshots_published = 0;  // changes of what the workers read
  bool snapshot_is_due = false;           // control knows more than they go by; it publishes at the pace of what that costs
  std::vector<SyncDaemonStatus> sync_daemons{};
};

}  // namespace penstock::control
