#include "control/cli/ipvsadm_listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "control/cli/ipvsadm_order.h"

namespace penstock::control {
namespace {

using Out = std::back_insert_iterator<std::string>;

bool is_listed(const RealServerStatus& server) {
  return server.state != ServerState::kRemoved && server.state != ServerState::kDown;
}

// A counter, nine wide. Exact, or cut (not rounded) to thousands, millions, billions or trillions from 100,000,000 on.
void append_number(std::string& out, std::uint64_t number, bool exact) {
  struct Scale {
    std::uint64_t below;
    std::uint64_t unit;
    char letter;
  };
  static constexpr Scale kScales[] = {
      {1'000'000'000, 1'000, 'K'}, {100'000'000'000, 1'000'000, 'M'}, {100'000'000'000'000, 1'000'000'000, 'G'}};
  if (exact) {
    fmt::format_to(Out{out}, " {:>8}", number);
    return;
  }
  if (number < 100'000'000) {
    fmt::format_to(Out{out}, "{:>9}", number);
    return;
  }
  for (const Scale& scale : kScales) {
    if (number >= scale.below) continue;
    fmt::format_to(Out{out}, "{:>8}{}", number / scale.unit, scale.letter);
    return;
  }
  fmt::format_to(Out{out}, "{:>8}T", number / 1'000'000'000'000);
}

void append_counters(std::string& out, const Counters& counters, bool exact) {
  for (const std::uint64_t number :
       {counters.connections, counters.in_packets, counters.out_packets, counters.in_bytes, counters.out_bytes})
    append_number(out, number, exact);
  out += '\n';
}

std::string title(IpvsadmColumns columns) {
  constexpr std::string_view kPlace = "Prot LocalAddress:Port";
  constexpr std::string_view kServer = "  -> RemoteAddress:Port";
  const auto five = [&](auto... names) {
    return fmt::format("{:<33} {:>8} {:>8} {:>8} {:>8} {:>8}\n{}\n", kPlace, names..., kServer);
  };
  switch (columns) {
    case IpvsadmColumns::kStats: return five("Conns", "InPkts", "OutPkts", "InBytes", "OutBytes");
    case IpvsadmColumns::kRate: return five("CPS", "InPPS", "OutPPS", "InBPS", "OutBPS");
    case IpvsadmColumns::kThresholds:
      return fmt::format("{:<33} {:<10} {:<10} {:<10} {:<10}\n{}\n", kPlace, "Uthreshold", "Lthreshold", "ActiveConn",
                         "InActConn", kServer);
    case IpvsadmColumns::kPersistent:
      return fmt::format("{:<33} {:<9} {:<11} {:<10} {:<10}\n{}\n", kPlace, "Weight", "PersistConn", "ActiveConn", "InActConn",
                         kServer);
    case IpvsadmColumns::kTunnel:
      return fmt::format("{} Scheduler Flags\n{}           Forward TunnelInfo    Weight ActiveConn InActConn\n", kPlace,
                         kServer);
    case IpvsadmColumns::kConnections: break;
  }
  return fmt::format("{} Scheduler Flags\n{}           Forward Weight ActiveConn InActConn\n", kPlace, kServer);
}

std::uint32_t mask_of(unsigned prefix) { return prefix == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix); }

// The granularity of persistence: a mask for IPv4, a length for IPv6; empty where each client counts by itself.
std::string persistence_mask(const ServiceStatus& service) {
  const packet::IpAddress& address = service.endpoint.address;
  const unsigned prefix = service.flags.persistence_prefix.value_or(address.bits());
  if (prefix >= address.bits()) return {};
  if (address.is_v6()) return std::to_string(prefix);
  return packet::IpAddress{packet::Ipv4Address{mask_of(prefix)}}.to_string();
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

std::string flags_text(const ServiceStatus& service) {
  std::string text;
  const ServiceFlags& flags = service.flags;
  if (!flags.scheduler_flags.empty()) text += fmt::format(" ({})", joined(flags.scheduler_flags));
  if (flags.persistence) {
    text += fmt::format(" persistent {}", flags.persistence->count());
    if (const std::string mask = persistence_mask(service); !mask.empty()) text += " mask " + mask;
  }
  if (flags.one_packet) text += " ops";
  return text;
}

void append_service(std::string& out, const ServiceStatus& service, const IpvsadmRequest& request) {
  const std::string name = fmt::format("{:<4} {}", packet::to_string(service.protocol), service.endpoint.to_string());
  switch (request.columns) {
    case IpvsadmColumns::kStats:
    case IpvsadmColumns::kRate:
      fmt::format_to(Out{out}, "{:<33}", name);
      append_counters(out, request.columns == IpvsadmColumns::kStats ? service.counters : service.rates, request.exact);
      return;
    default: fmt::format_to(Out{out}, "{} {}{}\n", name, service.scheduler, flags_text(service)); return;
  }
}

void append_server(std::string& out, const RealServerStatus& server, const IpvsadmRequest& request) {
  fmt::format_to(Out{out}, "  -> {:<28}", server.endpoint.to_string());
  switch (request.columns) {
    case IpvsadmColumns::kStats: append_counters(out, server.counters, request.exact); return;
    case IpvsadmColumns::kRate: append_counters(out, server.rates, request.exact); return;
    case IpvsadmColumns::kThresholds:
      fmt::format_to(Out{out}, " {:<10} {:<10}", server.upper_threshold, server.lower_threshold);
      break;
    case IpvsadmColumns::kPersistent:
      fmt::format_to(Out{out}, " {:<9} {:<11}", server.weight, server.persistent_connections);
      break;
    case IpvsadmColumns::kTunnel:
      fmt::format_to(Out{out}, " {:<7} {:<13} {:<6}", server.forwarding, "n/a", server.weight);
      break;
    case IpvsadmColumns::kConnections: fmt::format_to(Out{out}, " {:<7} {:<6}", server.forwarding, server.weight); break;
  }
  fmt::format_to(Out{out}, " {:<10} {:<10}\n", server.active_connections, server.inactive_connections);
}

std::string save_name(const ServiceStatus& service) {
  const std::string_view option = service.protocol == packet::Protocol::kTcp   ? "-t"
                                  : service.protocol == packet::Protocol::kUdp ? "-u"
                                                                               : "--sctp-service";
  return fmt::format("{} {}", option, service.endpoint.to_string());
}

std::string save_flags(const ServiceStatus& service) {
  std::string text;
  if (service.flags.persistence) {
    text += fmt::format(" -p {}", service.flags.persistence->count());
    if (const std::string mask = persistence_mask(service); !mask.empty()) text += " -M " + mask;
  }
  if (service.flags.one_packet) text += " -o";
  if (!service.flags.scheduler_flags.empty()) text += fmt::format(" -b {}", joined(service.flags.scheduler_flags));
  return text;
}

}  // namespace

std::string ipvsadm_services(const IpvsadmRequest& request, const DaemonStatus& daemon,
                             std::span<const ServiceStatus> services) {
  std::string out;
  if (!request.service) out = fmt::format("IP Virtual Server version 1.2.1 (size={})\n", daemon.connection_table_size);
  out += title(request.columns);
  for (const ServiceStatus& service : services) {
    append_service(out, service, request);
    for (const RealServerStatus& server : service.servers)
      if (is_listed(server)) append_server(out, server, request);
  }
  return out;
}

std::string ipvsadm_save(std::span<const ServiceStatus> services) {
  std::string out;
  for (const ServiceStatus& service : services) {
    const std::string name = save_name(service);
    fmt::format_to(Out{out}, "-A {} -s {}{}\n", name, service.scheduler, save_flags(service));
    for (const RealServerStatus& server : service.servers)
      if (is_listed(server))
        fmt::format_to(Out{out}, "-a {} -r {} -g -w {}\n", name, server.endpoint.to_string(), server.weight);
  }
  return out;
}

std::string ipvsadm_connections_title(bool persistence_engine) {
  std::string out = "IPVS connection entries\npro expire state       source             virtual            destination";
  if (persistence_engine) out += "        pe name          pe_data";
  return out + '\n';
}

void append_ipvsadm_connection(std::string& out, const ConnectionStatus& connection) {
  fmt::format_to(Out{out}, "{:<3} {:<6} {:<11} {:<18} {:<18} {}\n", packet::to_string(connection.protocol),
                 fmt::format("{:02}:{:02}", connection.expires_in / 60, connection.expires_in % 60), connection.state,
                 connection.source.to_string(), connection.virtual_service.to_string(), connection.destination.to_string());
}

std::string ipvsadm_timeouts(const DaemonStatus& daemon) {
  return fmt::format("Timeout (tcp tcpfin udp): {} {} {}\n", daemon.timeout_tcp.count(), daemon.timeout_tcp_fin.count(),
                     daemon.timeout_udp.count());
}

std::string ipvsadm_daemons(const DaemonStatus& daemon) {
  std::string out;
  for (const SyncDaemonStatus& sync : daemon.sync_daemons)
    fmt::format_to(Out{out}, "{} sync daemon (mcast={}, syncid={}, maxlen={}, group={}, port={}, ttl={})\n",
                   sync.master ? "master" : "backup", sync.interface, sync.sync_id, sync.max_length, sync.group.to_string(),
                   sync.port, sync.ttl);
  return out;
}

std::vector<ServiceStatus> select_services(const IpvsadmRequest& request, std::vector<ServiceStatus> services) {
  if (request.service)
    std::erase_if(services, [&](const ServiceStatus& service) {
      return service.protocol != request.service->protocol || service.endpoint != request.service->endpoint;
    });
  if (request.sorted) sort_like_ipvsadm(services);
  return services;
}

}  // namespace penstock::control
