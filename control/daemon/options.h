// penstockd's command line: keepalived's own flags where they make sense, and what a user-space data plane needs besides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "control/daemon/privileges.h"
#include "control/netlink/route_manager.h"
#include "dataplane/core/sync_policy.h"
#include "dataplane/dpdk/port_spec.h"
#include "dataplane/packet/ip_address.h"

namespace penstock::control {

// --address NAME=ADDR/LEN
struct AddressOption {
  std::string port;
  packet::IpAddress address;
  std::uint8_t prefix_length = 0;

  friend bool operator==(const AddressOption&, const AddressOption&) = default;
};

// --route NAME=ROUTE
struct RouteOption {
  std::string port;
  StaticRoute route;

  friend bool operator==(const RouteOption&, const RouteOption&) = default;
};

enum class IdlePolicy : std::uint8_t { kAutomatic, kSleep, kPoll };

struct Options {
  enum class Action : std::uint8_t { kRun, kTestConfig, kHelp, kVersion, kSignalNumber };
  Action action = Action::kRun;
  int signal_number = 0;  // kSignalNumber: to be printed

  // keepalived's
  std::string config_file = "/etc/keepalived/keepalived.conf";
  std::string config_id;  // -i; empty: the host's name
  std::string pid_file = "/run/penstock/penstockd.pid";
  bool foreground = false;               // -n
  bool log_console = false;              // -l
  bool log_detail = false;               // -D
  bool dump_config = false;              // -d
  bool only_vrrp = false;                // -P: no virtual servers
  bool only_checkers = false;            // -C: no VRRP, no VIPs
  std::optional<unsigned> log_facility;  // -S: syslog's local0 to local7; else daemon

  // Penstock's
  std::vector<dpdk::PortSpec> ports;
  std::vector<AddressOption> addresses;
  std::vector<RouteOption> routes;
  unsigned workers = 1;
  std::string eal_arguments;
  std::string socket_path = "/run/penstock/penstock.sock";
  std::size_t connections = 1U << 20;   // of IPv4, for each worker
  std::size_t connections6 = 1U << 17;  // of IPv6
  unsigned descriptors = 1024;          // of each queue of a port
  IdlePolicy idle = IdlePolicy::kAutomatic;
  std::uint32_t punt_limit = 20000;      // frames a second to the kernel, of all workers together
  std::uint32_t neighbour_limit = 2000;  // of ARP and neighbour discovery
  bool expire_nodest_conn = false;
  core::SyncSettings sync;  // sync_threshold, sync_refresh_period, sync_retries and early sync
  bool sloppy_tcp = false;
  Capabilities keep_capabilities = 0;  // beside those that the daemon needs
  bool share_checks = true;            // identical checks run once
};

// The error is one line for the operator, without the program's name.
[[nodiscard]] std::expected<Options, std::string> parse_options(const std::vector<std::string>& arguments);

// What --help prints.
[[nodiscard]] std::string help_text();

}  // namespace penstock::control
