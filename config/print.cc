#include "config/print.h"

#include <fmt/format.h>

#include "config/command.h"
#include "config/print_parts.h"

namespace penstock::config {
namespace {

void print_sync_daemon(Printer& out, const SyncDaemon& daemon) {
  out.line("lvs_sync_daemon {} {} id {} maxlen {} port {} ttl {} group {}", quoted_word(daemon.interface),
           quoted_word(daemon.instance), daemon.id, daemon.max_length, daemon.port, daemon.ttl, daemon.group.to_string());
}

void print_globals(Printer& out, const Model& model) {
  out.open("global_defs");
  if (!model.router_id.empty()) out.line("router_id {}", quoted_word(model.router_id));
  out.line("lvs_timeouts tcp {} tcpfin {} udp {}", model.lvs_timeouts.tcp.count(), model.lvs_timeouts.tcp_fin.count(),
           model.lvs_timeouts.udp.count());
  if (model.sync) print_sync_daemon(out, *model.sync);
  print_global_health(out, model);
  print_global_vrrp(out, model.vrrp);
  out.close();
  print_tls(out, model.health.tls);
  print_track_files(out, model);
}

void print_server(Printer& out, const VirtualServer& service) {
  out.open("virtual_server {} {}", service.endpoint.address.to_string(), service.endpoint.port);
  out.line("lb_algo {}", to_string(service.scheduler));
  if (service.maglev_flags.port) out.line("mh-port");
  if (service.maglev_flags.fallback) out.line("mh-fallback");
  out.line("lb_kind DR");
  out.line("protocol {}", packet::to_string(service.protocol));
  print_service_policy(out, service.health);
  for (const RealServer& server : service.real_servers) {
    out.open("real_server {} {}", server.endpoint.address.to_string(), server.endpoint.port);
    out.line("weight {}", server.weight);
    if (server.upper_threshold != 0) out.line("uthreshold {}", server.upper_threshold);
    if (server.lower_threshold != 0) out.line("lthreshold {}", server.lower_threshold);
    print_server_policy(out, server.health);
    out.close();
  }
  out.close();
}

}  // namespace

std::string print(const Model& model) {
  Printer out;
  print_globals(out, model);
  print_vrrp(out, model.vrrp);
  for (const VirtualServer& service : model.virtual_servers) print_server(out, service);
  return out.take();
}

}  // namespace penstock::config
