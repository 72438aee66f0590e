#include "config/print.h"

#include <fmt/format.h>

#include "config/command.h"
#include "config/print_parts.h"

namespace penstock::config {
namespace {

std::string_view scope_word(std::uint8_t scope) {
  switch (scope) {
    case 200: return "site";
    case 253: return "link";
    case 254: return "host";
    default: return "global";
  }
}

void print_globals(Printer& out, const Model& model) {
  out.open("global_defs");
  if (!model.router_id.empty()) out.line("router_id {}", quoted_word(model.router_id));
  out.line("lvs_timeouts tcp {} tcpfin {} udp {}", model.lvs_timeouts.tcp.count(), model.lvs_timeouts.tcp_fin.count(),
           model.lvs_timeouts.udp.count());
  print_global_health(out, model);
  out.close();
  print_tls(out, model.health.tls);
  print_track_files(out, model);
}

void print_address(Printer& out, const VirtualAddress& vip) {
  std::string line = fmt::format("{}/{} dev {}", vip.address.to_string(), vip.prefix_length, quoted_word(vip.interface));
  if (vip.broadcast) line += fmt::format(" brd {}", vip.broadcast->to_string());
  if (vip.scope) line += fmt::format(" scope {}", scope_word(*vip.scope));
  if (!vip.label.empty()) line += fmt::format(" label {}", quoted_word(vip.label));
  out.line("{}", line);
}

void print_addresses(Printer& out, std::string_view block, const std::vector<VirtualAddress>& addresses) {
  if (addresses.empty()) return;
  out.open("{}", block);
  for (const VirtualAddress& vip : addresses) print_address(out, vip);
  out.close();
}

void print_instance(Printer& out, const VrrpInstance& instance) {
  out.open("vrrp_instance {}", quoted_word(instance.name));
  out.line("state {}", instance.initial_state == VrrpInstance::State::kMaster ? "MASTER" : "BACKUP");
  out.line("interface {}", quoted_word(instance.interface));
  out.line("virtual_router_id {}", instance.virtual_router_id);
  out.line("priority {}", instance.priority);
  out.line("version {}", instance.version);
  out.line("advert_int {}", static_cast<double>(instance.advert_interval.count()) / 1000);
  if (instance.nopreempt) out.line("nopreempt");
  if (!instance.auth_pass.empty()) {
    out.open("authentication");
    out.line("auth_type PASS");
    out.line("auth_pass ********");
    out.close();
  }
  print_addresses(out, "virtual_ipaddress", instance.virtual_addresses);
  print_addresses(out, "virtual_ipaddress_excluded", instance.excluded_addresses);
  out.close();
}

void print_server(Printer& out, const VirtualServer& service) {
  out.open("virtual_server {} {}", service.endpoint.address.to_string(), service.endpoint.port);
  out.line("lb_algo {}", to_string(service.scheduler));
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
  for (const VrrpSyncGroup& group : model.vrrp_sync_groups) {
    out.open("vrrp_sync_group {}", quoted_word(group.name));
    out.open("group");
    for (const std::string& instance : group.instances) out.line("{}", quoted_word(instance));
    out.close();
    out.close();
  }
  for (const VrrpInstance& instance : model.vrrp_instances) print_instance(out, instance);
  for (const VirtualServer& service : model.virtual_servers) print_server(out, service);
  return out.take();
}

}  // namespace penstock::config
