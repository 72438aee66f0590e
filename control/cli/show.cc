#include "control/cli/show.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "control/cli/text_table.h"
#include "control/cli/units.h"

namespace penstock::control {
namespace {

using enum TextTable::Align;

std::string service_heading(const ServiceStatus& service) {
  std::string text =
      fmt::format("{} {} {}", packet::to_string(service.protocol), service.endpoint.to_string(), service.scheduler);
  if (service.flags.persistence) text += fmt::format(", persistent for {}", duration_text(*service.flags.persistence));
  if (service.flags.one_packet) text += ", one packet a connection";
  return text;
}

std::string next_hop_text(const RealServerStatus& server) {
  if (!server.next_hop) return server.state == ServerState::kLocal ? "this host" : "-";
  const NextHopStatus& hop = *server.next_hop;
  std::string text;
  if (hop.address != server.endpoint.address) text = fmt::format("via {} ", hop.address.to_string());
  return text + fmt::format("{} {} {}", hop.interface, hop.mac.to_string(), hop.neighbour_state);
}

// Direct routing sees one direction only: the other one's columns appear when something was counted there.
bool counts_answers(std::span<const ServiceStatus> services) {
  return std::ranges::any_of(services, [](const ServiceStatus& service) { return service.counters.out_packets != 0; });
}

std::string daemon_line(const DaemonStatus& daemon) {
  return fmt::format("penstock {}, up {}, {} packets/s", daemon.version, duration_text(daemon.uptime),
                     scaled(static_cast<std::uint64_t>(daemon.packets_per_second)));
}

std::string link_text(const PortStatus& port) {
  if (!port.link_up) return "down";
  if (port.link_mbps == 0) return "up";
  if (port.link_mbps % 1000 == 0) return fmt::format("up, {} Gbit/s", port.link_mbps / 1000);
  return fmt::format("up, {} Mbit/s", port.link_mbps);
}

template <typename CellsOf>
void add_services(TextTable& table, std::span<const ServiceStatus> services, CellsOf cells_of) {
  for (const ServiceStatus& service : services) {
    table.add(cells_of(fmt::format("{} {}", packet::to_string(service.protocol), service.endpoint.to_string()), service));
    for (const RealServerStatus& server : service.servers) table.add(cells_of("  " + server.endpoint.to_string(), server));
  }
}

}  // namespace

std::string show_services(std::span<const ServiceStatus> services) {
  if (services.empty()) return "No virtual service is configured.\n";
  TextTable table{{{"  Real server"}, {"Weight", kRight}, {"State"}, {"Active", kRight}, {"Inactive", kRight}, {"Next hop"}}};
  for (const ServiceStatus& service : services) {
    table.add_heading(service_heading(service));
    if (service.servers.empty()) table.add_heading("  (no real server)");
    for (const RealServerStatus& server : service.servers)
      table.add({"  " + server.endpoint.to_string(), std::to_string(server.weight), std::string{to_string(server.state)},
                 with_separators(server.active_connections), with_separators(server.inactive_connections),
                 next_hop_text(server)});
  }
  return table.text();
}

std::string show_stats(const DaemonStatus& daemon, std::span<const WorkerStatus> workers,
                       std::span<const ServiceStatus> services) {
  std::uint64_t connections = 0;
  for (const WorkerStatus& worker : workers) connections += worker.connections_v4.used + worker.connections_v6.used;
  std::string out = fmt::format("{}, {} of {} connections\n", daemon_line(daemon), with_separators(connections),
                                with_separators(daemon.connection_table_size));
  if (services.empty()) return out;
  const bool answers = counts_answers(services);
  std::vector<TextTable::Column> columns{{"Service"}, {"Connections", kRight}, {"Packets in", kRight}, {"Bytes in", kRight}};
  if (answers) columns.insert(columns.end(), {{"Packets out", kRight}, {"Bytes out", kRight}});
  TextTable table{std::move(columns)};
  add_services(table, services, [answers](std::string name, const auto& counted) {
    const Counters& counters = counted.counters;
    std::vector<std::string> cells{std::move(name), with_separators(counters.connections), with_separators(counters.in_packets),
                                   bytes_text(counters.in_bytes)};
    if (answers) cells.insert(cells.end(), {with_separators(counters.out_packets), bytes_text(counters.out_bytes)});
    return cells;
  });
  return out + '\n' + table.text();
}

std::string show_rate(const DaemonStatus& daemon, std::span<const ServiceStatus> services) {
  std::string out = daemon_line(daemon) + '\n';
  if (services.empty()) return out;
  const bool answers = counts_answers(services);
  std::vector<TextTable::Column> columns{{"Service"}, {"Connections/s", kRight}, {"Packets/s in", kRight}, {"In", kRight}};
  if (answers) columns.insert(columns.end(), {{"Packets/s out", kRight}, {"Out", kRight}});
  TextTable table{std::move(columns)};
  add_services(table, services, [answers](std::string name, const auto& counted) {
    const Rates& rates = counted.rates;
    std::vector<std::string> cells{std::move(name), scaled(rates.connections), scaled(rates.in_packets),
                                   bit_rate(rates.in_bytes)};
    if (answers) cells.insert(cells.end(), {scaled(rates.out_packets), bit_rate(rates.out_bytes)});
    return cells;
  });
  return out + '\n' + table.text();
}

std::string show_drops(std::span<const DropStatus> drops, bool all) {
  std::vector<DropStatus> shown;
  std::ranges::copy_if(drops, std::back_inserter(shown), [all](const DropStatus& drop) { return all || drop.count != 0; });
  if (shown.empty()) return "No packet was dropped.\n";
  std::ranges::sort(shown, [](const DropStatus& a, const DropStatus& b) {
    return a.count != b.count ? a.count > b.count : a.reason < b.reason;
  });
  TextTable table{{{"Packets", kRight}, {"Reason"}, {"Meaning"}}};
  for (const DropStatus& drop : shown)
    table.add(
        {with_separators(drop.count), std::string{packet::name_of(drop.reason)}, std::string{packet::describe(drop.reason)}});
  return table.text();
}

std::string show_workers(std::span<const WorkerStatus> workers) {
  TextTable table{{{"Worker", kRight},
                   {"CPU", kRight},
                   {"Busy", kRight},
                   {"Cycles each", kRight},
                   {"Burst", kRight},
                   {"Received", kRight},
                   {"Forwarded", kRight},
                   {"Replied", kRight},
                   {"To kernel", kRight},
                   {"Handed over", kRight},
                   {"Dropped", kRight},
                   {"Connections v4", kRight},
                   {"v6", kRight}}};
  std::string table_full;
  for (const WorkerStatus& worker : workers) {
    const ActionCounts& actions = worker.actions;
    const auto use = [](const TableUse& table_use) { return scaled(table_use.used) + " of " + scaled(table_use.capacity); };
    table.add({std::to_string(worker.index), std::to_string(worker.cpu), percent(worker.busy),
               fmt::format("{:.0f}", worker.cycles_per_packet), fmt::format("{:.1f}", worker.packets_per_burst),
               scaled(worker.received), scaled(actions.forwarded), scaled(actions.replied), scaled(actions.punted),
               scaled(actions.handed_over), scaled(actions.dropped), use(worker.connections_v4), use(worker.connections_v6)});
    if (worker.table_full_evicted + worker.table_full_stateless == 0) continue;
    table_full += fmt::format(
        "Connection table of worker {} was full: {} connections gave way, {} packets were forwarded without state.\n",
        worker.index, with_separators(worker.table_full_evicted), with_separators(worker.table_full_stateless));
  }
  return table.text() + (table_full.empty() ? "" : "\n" + table_full);
}

std::string show_stages(std::span<const WorkerStatus> workers, bool measured) {
  if (!measured) return "The stages are watched from now on; what the packets of a second took is known after it.\n";
  std::vector<TextTable::Column> columns{{"Worker", kRight}, {"Cycles each", kRight}};
  const auto watched = std::ranges::find_if(workers, [](const WorkerStatus& worker) { return !worker.stages.empty(); });
  if (watched == workers.end()) return "The stages are watched, but no packet came in the last second.\n";
  for (const auto& [name, cycles] : watched->stages) columns.push_back({name, kRight});
  TextTable table{std::move(columns)};
  for (const WorkerStatus& worker : workers) {
    std::vector<std::string> row{std::to_string(worker.index), fmt::format("{:.1f}", worker.cycles_per_packet)};
    for (const auto& [name, cycles] : worker.stages) row.push_back(fmt::format("{:.1f}", cycles));
    row.resize(2 + watched->stages.size());
    table.add(std::move(row));
  }
  return table.text();
}

std::string show_threads(std::span<const ThreadStatus> threads) {
  TextTable table{{{"Thread"},
                   {"Busy, last minute", kRight},
                   {"Turns", kRight},
                   {"Longest turn", kRight},
                   {"Longest, last minute", kRight},
                   {"Latest timer", kRight}}};
  for (const ThreadStatus& thread : threads) {
    table.add({thread.name, percent(thread.turns.busy_lately), scaled(thread.turns.turns),
               milliseconds_text(thread.turns.worst), milliseconds_text(thread.turns.worst_lately),
               thread.worst_timer_delay ? milliseconds_text(*thread.worst_timer_delay) : ""});
  }
  return table.text();
}

std::string show_ports(std::span<const PortStatus> ports) {
  TextTable table{{{"Port"},
                   {"Link"},
                   {"MAC address"},
                   {"MTU", kRight},
                   {"Queues", kRight},
                   {"Received", kRight},
                   {"", kRight},
                   {"Sent", kRight},
                   {"", kRight},
                   {"Missed", kRight},
                   {"Errors", kRight},
                   {"Device"}}};
  for (const PortStatus& port : ports) {
    table.add({port.name, link_text(port), port.mac.to_string(), std::to_string(port.mtu),
               fmt::format("{}+{}", port.rx_queues, port.tx_queues), scaled(port.rx_packets), bytes_text(port.rx_bytes),
               scaled(port.tx_packets), bytes_text(port.tx_bytes), with_separators(port.rx_missed),
               with_separators(port.rx_errors + port.tx_errors), port.device});
  }
  return table.text();
}

namespace {
constexpr std::string_view kConnectionRow = "{:<5} {:<11} {:>7}  {:<21} {:<21} {:<21} {:>6}\n";
}

std::string show_connections_title() {
  return fmt::format(kConnectionRow, "Proto", "State", "Expires", "Client", "Virtual service", "Real server", "Worker");
}

void append_connection(std::string& out, const ConnectionStatus& connection) {
  fmt::format_to(std::back_inserter(out), kConnectionRow, packet::to_string(connection.protocol), connection.state,
                 fmt::format("{}:{:02}", connection.expires_in / 60, connection.expires_in % 60), connection.source.to_string(),
                 connection.virtual_service.to_string(), connection.destination.to_string(),
                 connection.worker ? std::to_string(*connection.worker) : "-");
}

std::string show_connections_end(std::uint64_t count) {
  return fmt::format("{} connection{}\n", with_separators(count), count == 1 ? "" : "s");
}

}  // namespace penstock::control
