#include "vrrp/virtual_mac.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace penstock::vrrp {
namespace {

constexpr std::uint8_t kIpv4MacNetwork = 1;  // RFC 9568 section 7.3
constexpr std::uint8_t kIpv6MacNetwork = 2;
constexpr unsigned kNumberOfIpv6 = 6;

std::string free_name(const InstanceSpec& spec, const std::set<std::string>& taken) {
  std::string name = fmt::format("vrrp.{}", spec.virtual_router_id);
  const bool is_v6 = spec.family == packet::Family::kIpv6;
  if (is_v6 && taken.contains(name)) name = fmt::format("vrrp{}.{}", kNumberOfIpv6, spec.virtual_router_id);
  for (unsigned number = 1; taken.contains(name); ++number) {
    name = fmt::format("vrrp{}.{}", number, spec.virtual_router_id);
  }
  return name;
}

}  // namespace

packet::MacAddress virtual_mac(const InstanceSpec& spec) {
  if (spec.virtual_mac->address) return *spec.virtual_mac->address;
  const std::uint8_t network = spec.family == packet::Family::kIpv4 ? kIpv4MacNetwork : kIpv6MacNetwork;
  return {{0x00, 0x00, 0x5e, 0x00, network, spec.virtual_router_id}};
}

void name_virtual_mac_interfaces(RouterSpec& spec) {
  std::set<std::string> taken;
  for (const InstanceSpec& instance : spec.instances) {
    if (instance.virtual_mac) taken.insert(instance.virtual_mac->interface);
  }
  for (InstanceSpec& instance : spec.instances) {
    if (!instance.virtual_mac || !instance.virtual_mac->interface.empty()) continue;
    instance.virtual_mac->interface = free_name(instance, taken);
    taken.insert(instance.virtual_mac->interface);
  }
}

const std::string& interface_of(const InstanceSpec& spec, const VirtualAddress& address) {
  const bool is_virtual = spec.virtual_mac && !spec.virtual_mac->interface.empty() && address.interface == spec.interface;
  return is_virtual ? spec.virtual_mac->interface : address.interface;
}

}  // namespace penstock::vrrp
