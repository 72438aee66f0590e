#include "control/cli/show_json.h"

#include "control/cli/show_sync.h"
#include "control/cli/units.h"

namespace penstock::control {
namespace {

Json endpoint_json(const packet::Endpoint& endpoint) {
  return {{"address", endpoint.address.to_string()}, {"port", endpoint.port}};
}

Json counters_json(const Counters& counters) {
  return {{"connections", counters.connections},
          {"in_packets", counters.in_packets},
          {"out_packets", counters.out_packets},
          {"in_bytes", counters.in_bytes},
          {"out_bytes", counters.out_bytes}};
}

Json server_json(const RealServerStatus& server) {
  Json json = endpoint_json(server.endpoint);
  json.update({{"state", to_string(server.state)},
               {"weight", server.weight},
               {"forwarding", server.forwarding},
               {"active_connections", server.active_connections},
               {"inactive_connections", server.inactive_connections},
               {"persistent_connections", server.persistent_connections},
               {"upper_threshold", server.upper_threshold},
               {"lower_threshold", server.lower_threshold},
               {"counters", counters_json(server.counters)},
               {"rates", counters_json(server.rates)},
               {"next_hop", nullptr}});
  if (const auto& hop = server.next_hop)
    json["next_hop"] = {{"address", hop->address.to_string()},
                        {"interface", hop->interface},
                        {"mac", hop->mac.to_string()},
                        {"state", hop->neighbour_state}};
  return json;
}

Json service_json(const ServiceStatus& service) {
  const ServiceFlags& flags = service.flags;
  Json json = {{"protocol", packet::to_string(service.protocol)}};
  json.update(endpoint_json(service.endpoint));
  json.update({{"scheduler", service.scheduler},
               {"scheduler_flags", flags.scheduler_flags},
               {"persistence_seconds", nullptr},
               {"persistence_prefix", nullptr},
               {"one_packet", flags.one_packet},
               {"counters", counters_json(service.counters)},
               {"rates", counters_json(service.rates)}});
  if (flags.persistence) {
    json["persistence_seconds"] = flags.persistence->count();
    json["persistence_prefix"] = flags.persistence_prefix.value_or(service.endpoint.address.bits());
  }
  Json& servers = json["servers"] = Json::array();
  for (const RealServerStatus& server : service.servers) servers.push_back(server_json(server));
  return json;
}

Json table_json(const TableUse& use) { return {{"used", use.used}, {"capacity", use.capacity}}; }

// Null: they are not watched, or there was no packet.
Json stages_json(const WorkerStatus& worker) {
  Json stages;
  for (const auto& [name, cycles] : worker.stages) stages[name] = cycles;
  return stages;
}

Json worker_json(const WorkerStatus& worker) {
  const ActionCounts& actions = worker.actions;
  return {{"worker", worker.index},
          {"cpu", worker.cpu},
          {"polls", worker.polls},
          {"busy", worker.busy},
          {"cycles_per_packet", worker.cycles_per_packet},
          {"packets_per_burst", worker.packets_per_burst},
          {"stages", stages_json(worker)},
          {"received", worker.received},
          {"transmitted", worker.transmitted},
          {"actions",
           {{"forwarded", actions.forwarded},
            {"replied", actions.replied},
            {"punted", actions.punted},
            {"handed_over", actions.handed_over},
            {"held", actions.held},
            {"dropped", actions.dropped}}},
          {"connections_v4", table_json(worker.connections_v4)},
          {"connections_v6", table_json(worker.connections_v6)},
          {"table_full", {{"evicted", worker.table_full_evicted}, {"stateless", worker.table_full_stateless}}}};
}

Json thread_json(const ThreadStatus& thread) {
  return {{"thread", thread.name},
          {"busy_last_minute", thread.turns.busy_lately},
          {"turns", thread.turns.turns},
          {"longest_turn_seconds", seconds(thread.turns.worst)},
          {"longest_turn_last_minute_seconds", seconds(thread.turns.worst_lately)},
          {"worst_timer_delay_seconds", thread.worst_timer_delay ? Json(seconds(*thread.worst_timer_delay)) : Json{}}};
}

Json port_json(const PortStatus& port) {
  return {{"name", port.name},
          {"device", port.device},
          {"mac", port.mac.to_string()},
          {"mtu", port.mtu},
          {"link_up", port.link_up},
          {"link_mbps", port.link_mbps},
          {"rx_queues", port.rx_queues},
          {"tx_queues", port.tx_queues},
          {"rx_packets", port.rx_packets},
          {"rx_bytes", port.rx_bytes},
          {"tx_packets", port.tx_packets},
          {"tx_bytes", port.tx_bytes},
          {"rx_missed", port.rx_missed},
          {"rx_errors", port.rx_errors},
          {"tx_errors", port.tx_errors}};
}

Json drop_json(const DropStatus& drop) {
  return {{"reason", packet::name_of(drop.reason)},
          {"meaning", packet::describe(drop.reason)},
          {"packets", drop.count},
          {"per_worker", drop.per_worker}};
}

template <typename T>
Json list_json(std::span<const T> values, Json (*one)(const T&)) {
  Json list = Json::array();
  for (const T& value : values) list.push_back(one(value));
  return list;
}

}  // namespace

Json services_json(std::span<const ServiceStatus> services) { return list_json(services, service_json); }
Json drops_json(std::span<const DropStatus> drops) { return list_json(drops, drop_json); }
Json workers_json(std::span<const WorkerStatus> workers) { return list_json(workers, worker_json); }
Json threads_json(std::span<const ThreadStatus> threads) { return list_json(threads, thread_json); }
Json ports_json(std::span<const PortStatus> ports) { return list_json(ports, port_json); }

Json connection_json(const ConnectionStatus& connection) {
  return {{"protocol", packet::to_string(connection.protocol)},
          {"state", connection.state},
          {"expires_in", connection.expires_in},
          {"source", endpoint_json(connection.source)},
          {"virtual", endpoint_json(connection.virtual_service)},
          {"destination", endpoint_json(connection.destination)},
          {"worker", connection.worker ? Json(*connection.worker) : Json{}},
          {"flags", connection.flags}};
}

Json daemon_json(const DaemonStatus& daemon) {
  Json json = {
      {"version", daemon.version},
      {"uptime_seconds", daemon.uptime.count()},
      {"timeouts",
       {{"tcp", daemon.timeout_tcp.count()}, {"tcp_fin", daemon.timeout_tcp_fin.count()}, {"udp", daemon.timeout_udp.count()}}},
      {"connection_table_size", daemon.connection_table_size},
      {"packets_per_second", daemon.packets_per_second},
      {"snapshots_published", daemon.snapshots_published},
      {"snapshot_is_due", daemon.snapshot_is_due}};
  Json& daemons = json["sync_daemons"] = Json::array();
  for (const SyncDaemonStatus& sync : daemon.sync_daemons) daemons.push_back(sync_daemon_json(sync));
  return json;
}

}  // namespace penstock::control
