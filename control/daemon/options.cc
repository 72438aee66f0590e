#include "control/daemon/options.h"

#include <algorithm>
#include <boost/program_options.hpp>
#include <charconv>
#include <optional>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "control/daemon/keepalived_signals.h"
#include "dataplane/core/ids.h"

namespace penstock::control {
namespace {

namespace po = boost::program_options;

po::options_description keepalived_options() {
  po::options_description options{"keepalived's options", 110, 60};
  // clang-format off
  options.add_options()
      ("use-file,f", po::value<std::string>(), "configuration file (/etc/keepalived/keepalived.conf)")
      ("config-test,t", "check the configuration and exit: 0 when it would run, 1 when not")
      ("config-id,i", po::value<std::string>(), "which @ID lines of the configuration count (the host's name)")
      ("dont-fork,n", "stay in the foreground")
      ("log-console,l", "log to standard error instead of syslog")
      ("log-detail,D", "log in detail")
      ("log-facility,S", po::value<unsigned>(), "syslog's local0 to local7 (daemon)")
      ("dump-conf,d", "log the configuration in force")
      ("pid,p", po::value<std::string>(), "file for the process id (/run/penstock/penstockd.pid)")
      ("vrrp,P", "VRRP and VIPs only: no virtual servers")
      ("check,C", "virtual servers only: no VRRP, no VIPs")
      ("signum", po::value<std::string>(), "print the number of the signal STOP, RELOAD, DATA, STATS, STATS_CLEAR or JSON")
      ("version,v", "print the version and exit")
      ("help,h", "print this help and exit");
  // clang-format on
  return options;
}

po::options_description penstock_options() {
  po::options_description options{"Penstock's options", 110, 60};
  // clang-format off
  options.add_options()
      ("port", po::value<std::vector<std::string>>(), "NAME=DEVICE, once for each port: NAME as in the configuration's `interface`, "
          "DEVICE a PCI address (0000:01:00.0) or a DPDK device (net_af_packet0,iface=x)")
      ("address", po::value<std::vector<std::string>>(), "NAME=ADDRESS/LENGTH: give the port's interface this address")
      ("route", po::value<std::vector<std::string>>(), "NAME=DESTINATION/LENGTH [via GATEWAY], or NAME=default via GATEWAY")
      ("workers", po::value<unsigned>(), "threads that forward, each with a queue of each port (1)")
      ("connections", po::value<std::size_t>(), "IPv4 connections that each worker has room for (1048576)")
      ("connections6", po::value<std::size_t>(), "the same for IPv6 (131072)")
      ("descriptors", po::value<unsigned>(), "of each queue of a port, as far as the device allows (1024)")
      ("idle", po::value<std::string>(), "sleep|poll|auto: what a worker without traffic does (auto: sleep on virtual devices only)")
      ("punt-limit", po::value<std::uint32_t>(), "frames a second that go to the kernel, of all workers together (20000)")
      ("neighbour-limit", po::value<std::uint32_t>(), "the same for ARP and neighbour discovery (2000)")
      ("no-shared-checks", "run a real server's check for each virtual server, though they be identical")
      ("expire-nodest-conn", "connections of a removed server end at once (IPVS's sysctl of that name)")
      ("sync-threshold", po::value<std::string>(), "PACKETS,PERIOD: a connection is told to the other director with its "
       "packets number PACKETS, PERIOD + PACKETS, ... (3,50; IPVS's sysctl sync_threshold; PERIOD 0 to 63)")
      ("sync-refresh-period", po::value<unsigned>(), "instead: SECONDS after it was told last (IPVS's sysctl)")
      ("sync-retries", po::value<unsigned>(), "and up to so many times in between (0 to 3; IPVS's sysctl)")
      ("no-early-sync", "connections aren't told with their first packet, only as IPVS does")
      ("sloppy-tcp", "a TCP packet of a connection that isn't known begins it, as after a takeover (IPVS's sysctl of that name)")
      ("socket", po::value<std::string>(), "where the penstock command reaches the daemon (/run/penstock/penstock.sock)")
      ("keep-capability", po::value<std::vector<std::string>>(), "NAME of capabilities(7), once for each: to be kept beside those "
       "that the daemon needs, for scripts that run as root (SYS_ADMIN: mount)")
      ("eal", po::value<std::string>(), "more arguments for DPDK's EAL, in one string");
  // clang-format on
  return options;
}

// keepalived flags that have no meaning here but may stand in a start script.
po::options_description ignored_options() {
  po::options_description options;
  // clang-format off
  options.add_options()
      ("vrrp_pid,r", po::value<std::string>())
      ("checkers_pid,c", po::value<std::string>())
      ("bfd_pid,b", po::value<std::string>())
      ("dont-respawn,R", "")
      ("dont-release-vrrp,V", "")
      ("dont-release-ipvs,I", "")
      ("snmp,x", "")
      ("all", "");
  // clang-format on
  return options;
}

using Failure = std::unexpected<std::string>;

// "NAME=REST"; nothing when there is no name or no rest.
std::optional<std::pair<std::string, std::string>> split_name(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos || equals + 1 == text.size()) return std::nullopt;
  return std::pair{text.substr(0, equals), text.substr(equals + 1)};
}

struct Prefix {
  packet::IpAddress address;
  std::uint8_t length;
};

// "ADDRESS/LENGTH"; without a length all bits.
std::optional<Prefix> parse_prefix(const std::string& text) {
  const std::size_t slash = text.find('/');
  const auto address = packet::IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  unsigned length = address->bits();
  if (slash != std::string::npos) {
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, length);
    if (error != std::errc{} || stop != end || length > address->bits()) return std::nullopt;
  }
  return Prefix{*address, static_cast<std::uint8_t>(length)};
}

std::expected<AddressOption, std::string> parse_address(const std::string& text) {
  const auto parts = split_name(text);
  const auto prefix = parts ? parse_prefix(parts->second) : std::nullopt;
  if (!prefix)
    return Failure{fmt::format("--address {}: expected NAME=ADDRESS/LENGTH, for example eth0=192.168.1.102/24", text)};
  return AddressOption{parts->first, prefix->address, prefix->length};
}

std::expected<RouteOption, std::string> parse_route(const std::string& text) {
  const auto parts = split_name(text);
  if (!parts)
    return Failure{
        fmt::format("--route {}: expected NAME=DESTINATION via GATEWAY, for example eth0=default via 192.168.1.1", text)};
  auto route = parse_static_route(parts->second);
  if (!route) return Failure{fmt::format("--route {}: {}", text, route.error())};
  return RouteOption{parts->first, *route};
}

std::expected<dpdk::PortSpec, std::string> parse_port(const std::string& text) { return dpdk::PortSpec::parse(text); }

template <typename Item>
std::expected<std::vector<Item>, std::string> parse_each(const po::variables_map& given, const char* name,
                                                         std::expected<Item, std::string> (*parse)(const std::string&)) {
  std::vector<Item> items;
  if (!given.contains(name)) return items;
  for (const std::string& text : given[name].as<std::vector<std::string>>()) {
    auto item = parse(text);
    if (!item) return Failure{item.error()};
    items.push_back(std::move(*item));
  }
  return items;
}

template <typename T>
void take(const po::variables_map& given, const char* name, T& into) {
  if (given.contains(name)) into = given[name].as<T>();
}

std::expected<void, std::string> check_ports(const Options& options) {
  const auto is_port = [&](const std::string& name) {
    return std::ranges::find(options.ports, name, &dpdk::PortSpec::name) != options.ports.end();
  };
  for (auto port = options.ports.begin(); port != options.ports.end(); ++port) {
    if (std::find_if(options.ports.begin(), port, [&](const dpdk::PortSpec& other) { return other.name == port->name; }) !=
        port) {
      return Failure{fmt::format("--port {}: the name stands twice", port->name)};
    }
  }
  if (options.ports.size() > core::kMaxPorts) return Failure{fmt::format("at most {} ports can be driven", core::kMaxPorts)};
  for (const AddressOption& address : options.addresses) {
    if (!is_port(address.port)) return Failure{fmt::format("--address {}=...: no --port has this name", address.port)};
  }
  for (const RouteOption& route : options.routes) {
    if (!is_port(route.port)) return Failure{fmt::format("--route {}=...: no --port has this name", route.port)};
  }
  return {};
}

std::expected<Capabilities, std::string> parse_capability(const std::string& text) {
  const auto capability = capability_named(text);
  if (!capability)
    return Failure{fmt::format("--keep-capability {}: expected a name of capabilities(7), for example SYS_ADMIN", text)};
  return *capability;
}

std::expected<void, std::string> take_numbers(const po::variables_map& given, Options& options) {
  take(given, "workers", options.workers);
  take(given, "connections", options.connections);
  take(given, "connections6", options.connections6);
  take(given, "descriptors", options.descriptors);
  take(given, "punt-limit", options.punt_limit);
  take(given, "neighbour-limit", options.neighbour_limit);
  if (given.contains("log-facility")) options.log_facility = given["log-facility"].as<unsigned>();
  constexpr std::size_t kMostConnections = std::size_t{1} << 30;
  constexpr unsigned kMostDescriptors = 1U << 15;
  if (options.workers < 1 || options.workers > core::kMaxWorkers)
    return Failure{fmt::format("--workers: 1 to {}", core::kMaxWorkers)};
  for (const std::size_t connections : {options.connections, options.connections6}) {
    if (connections < 1 || connections > kMostConnections)
      return Failure{fmt::format("--connections: 1 to {}", kMostConnections)};
  }
  if (options.descriptors < 64 || options.descriptors > kMostDescriptors)
    return Failure{fmt::format("--descriptors: 64 to {}", kMostDescriptors)};
  if (options.log_facility.value_or(0) > 7) return Failure{"--log-facility: 0 to 7"};
  return {};
}

std::expected<void, std::string> take_sync(const po::variables_map& given, core::SyncSettings& sync) {
  if (given.contains("sync-threshold")) {
    const auto& text = given["sync-threshold"].as<std::string>();
    const char* const end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), end, sync.threshold);
    const bool has_both = first.ec == std::errc{} && first.ptr != end && *first.ptr == ',';
    const auto second = has_both ? std::from_chars(first.ptr + 1, end, sync.period) : first;
    if (!has_both || second.ec != std::errc{} || second.ptr != end) {
      return Failure{fmt::format("--sync-threshold {}: expected PACKETS,PERIOD, for example 3,50", text)};
    }
  }
  unsigned refresh_seconds = 0;
  take(given, "sync-refresh-period", refresh_seconds);
  sync.refresh_period = std::chrono::seconds{refresh_seconds};
  take(given, "sync-retries", sync.retries);
  sync.early = !given.contains("no-early-sync");
  if (core::SyncPolicy::is_valid(sync)) return {};
  return Failure{fmt::format(
      "--sync-threshold: PACKETS below PERIOD, which is 0 to {}; --sync-refresh-period: 0 to {}; --sync-retries: 0 to {}",
      core::SyncPolicy::kMaxPeriod, core::kMaxTimeout.count(), core::SyncPolicy::kMaxRetries)};
}

std::expected<void, std::string> take_penstock(const po::variables_map& given, Options& options) {
  auto ports = parse_each<dpdk::PortSpec>(given, "port", parse_port);
  if (!ports) return Failure{ports.error()};
  auto addresses = parse_each<AddressOption>(given, "address", parse_address);
  if (!addresses) return Failure{addresses.error()};
  auto routes = parse_each<RouteOption>(given, "route", parse_route);
  if (!routes) return Failure{routes.error()};
  options.ports = std::move(*ports);
  options.addresses = std::move(*addresses);
  options.routes = std::move(*routes);
  const auto capabilities = parse_each<Capabilities>(given, "keep-capability", parse_capability);
  if (!capabilities) return Failure{capabilities.error()};
  for (const Capabilities each : *capabilities) options.keep_capabilities |= each;
  take(given, "eal", options.eal_arguments);
  take(given, "socket", options.socket_path);
  options.share_checks = !given.contains("no-shared-checks");
  options.expire_nodest_conn = given.contains("expire-nodest-conn");
  options.sloppy_tcp = given.contains("sloppy-tcp");
  if (given.contains("idle")) {
    const auto& idle = given["idle"].as<std::string>();
    if (idle != "sleep" && idle != "poll" && idle != "auto")
      return Failure{fmt::format("--idle {}: sleep, poll or auto", idle)};
    options.idle = idle == "sleep" ? IdlePolicy::kSleep : idle == "poll" ? IdlePolicy::kPoll : IdlePolicy::kAutomatic;
  }
  if (auto sync = take_sync(given, options.sync); !sync) return sync;
  if (auto numbers = take_numbers(given, options); !numbers) return numbers;
  return check_ports(options);
}

std::expected<void, std::string> take_keepalived(const po::variables_map& given, Options& options) {
  take(given, "use-file", options.config_file);
  take(given, "config-id", options.config_id);
  take(given, "pid", options.pid_file);
  options.foreground = given.contains("dont-fork");
  options.log_console = given.contains("log-console");
  options.log_detail = given.contains("log-detail");
  options.dump_config = given.contains("dump-conf");
  options.only_vrrp = given.contains("vrrp");
  options.only_checkers = given.contains("check");
  if (given.contains("config-test")) options.action = Options::Action::kTestConfig;
  if (given.contains("signum")) {
    const auto number = signal_number(given["signum"].as<std::string>());
    if (!number) return Failure{fmt::format("--signum: unknown signal {}", given["signum"].as<std::string>())};
    options.action = Options::Action::kSignalNumber;
    options.signal_number = *number;
  }
  if (given.contains("version")) options.action = Options::Action::kVersion;
  if (given.contains("help")) options.action = Options::Action::kHelp;
  return {};
}

}  // namespace

std::expected<Options, std::string> parse_options(const std::vector<std::string>& arguments) {
  po::options_description all;
  all.add(keepalived_options()).add(penstock_options()).add(ignored_options());
  po::variables_map given;
  try {
    // No guessing of shortened names: a script that says --work would change its meaning with the next option.
    constexpr int kStyle = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    po::store(po::command_line_parser{arguments}.options(all).positional({}).style(kStyle).run(), given);
  } catch (const po::error& error) {
    return Failure{fmt::format("{}; see penstockd --help", error.what())};
  }
  Options options;
  if (auto keepalived = take_keepalived(given, options); !keepalived) return Failure{keepalived.error()};
  if (auto penstock = take_penstock(given, options); !penstock) return Failure{penstock.error()};
  return options;
}

std::string help_text() {
  std::ostringstream text;
  text << "penstockd: an LVS director in user space. It reads keepalived.conf and forwards with DPDK.\n\n"
          "  penstockd -f FILE --port eth0=0000:01:00.0 [--address eth0=192.168.1.102/24] ...\n"
          "  penstockd -t -f FILE\n\n"
       << keepalived_options() << '\n'
       << penstock_options()
       << "\nSignals: HUP reads the configuration again, TERM and INT stop the daemon; keepalived's others write its dumps.\n"
          "Ask the running one by: penstock --help\n";
  return text.str();
}

}  // namespace penstock::control
