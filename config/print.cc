#include "config/print.h"

#include <fmt/format.h>

#include <iterator>

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

// Lines at a depth of blocks, four blanks each.
class Printer {
 public:
  template <typename... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    text_.append(4 * depth_, ' ');
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
    text_.push_back('\n');
  }
  template <typename... Args>
  void open(fmt::format_string<Args...> format, Args&&... args) {
    line("{} {{", fmt::format(format, std::forward<Args>(args)...));
    ++depth_;
  }
  void close() {
    --depth_;
    line("}}");
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
  std::size_t depth_ = 0;
};

void print_globals(Printer& out, const Model& model) {
  out.open("global_defs");
  if (!model.router_id.empty()) out.line("router_id {}", model.router_id);
  out.line("lvs_timeouts tcp {} tcpfin {} udp {}", model.lvs_timeouts.tcp.count(), model.lvs_timeouts.tcp_fin.count(),
           model.lvs_timeouts.udp.count());
  out.close();
}

void print_address(Printer& out, const VirtualAddress& vip) {
  std::string line = fmt::format("{}/{} dev {}", vip.address.to_string(), vip.prefix_length, vip.interface);
  if (vip.broadcast) line += fmt::format(" brd {}", vip.broadcast->to_string());
  if (vip.scope) line += fmt::format(" scope {}", scope_word(*vip.scope));
  if (!vip.label.empty()) line += fmt::format(" label {}", vip.label);
  out.line("{}", line);
}

void print_addresses(Printer& out, std::string_view block, const std::vector<VirtualAddress>& addresses) {
  if (addresses.empty()) return;
  out.open("{}", block);
  for (const VirtualAddress& vip : addresses) print_address(out, vip);
  out.close();
}

void print_instance(Printer& out, const VrrpInstance& instance) {
  out.open("vrrp_instance {}", instance.name);
  out.line("state {}", instance.initial_state == VrrpInstance::State::kMaster ? "MASTER" : "BACKUP");
  out.line("interface {}", instance.interface);
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
  for (const RealServer& server : service.real_servers) {
    out.open("real_server {} {}", server.endpoint.address.to_string(), server.endpoint.port);
    out.line("weight {}", server.weight);
    if (server.upper_threshold != 0) out.line("uthreshold {}", server.upper_threshold);
    if (server.lower_threshold != 0) out.line("lthreshold {}", server.lower_threshold);
    out.close();
  }
  out.close();
}

}  // namespace

std::string print(const Model& model) {
  Printer out;
  print_globals(out, model);
  for (const VrrpSyncGroup& group : model.vrrp_sync_groups) {
    out.open("vrrp_sync_group {}", group.name);
    out.open("group");
    for (const std::string& instance : group.instances) out.line("{}", instance);
    out.close();
    out.close();
  }
  for (const VrrpInstance& instance : model.vrrp_instances) print_instance(out, instance);
  for (const VirtualServer& service : model.virtual_servers) print_server(out, service);
  return out.take();
}

}  // namespace penstock::config
