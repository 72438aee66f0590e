#include "vrrp/interfaces.h"

namespace penstock::vrrp {
namespace {

// fe80::/10, RFC 4291 section 2.5.6.
bool is_link_local(const packet::IpAddress& address) {
  return address.is_v6() && address.v6().bytes[0] == 0xfe && (address.v6().bytes[1] & 0xc0) == 0x80;
}

}  // namespace

std::optional<packet::IpAddress> source_address(const InstanceSpec& spec, const InterfaceState* interface,
                                                const std::set<packet::IpAddress>& virtual_addresses) {
  if (spec.source) return spec.source;
  if (interface == nullptr) return std::nullopt;
  for (const packet::IpAddress& address : interface->addresses) {
    if (address.family() != spec.family || (address.is_v6() && !is_link_local(address))) continue;
    if (spec.priority == InstanceSpec::kOwnerPriority || !virtual_addresses.contains(address)) return address;
  }
  return std::nullopt;
}

std::vector<packet::IpAddress> own_addresses(const InstanceSpec& spec, const InterfaceState* interface,
                                             const std::set<packet::IpAddress>& virtual_addresses) {
  std::vector<packet::IpAddress> own;
  if (interface == nullptr) return own;
  for (const packet::IpAddress& address : interface->addresses) {
    if (spec.priority == InstanceSpec::kOwnerPriority || !virtual_addresses.contains(address)) own.push_back(address);
  }
  return own;
}

}  // namespace penstock::vrrp
