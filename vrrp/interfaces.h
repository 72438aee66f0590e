// The interfaces as the shell last told them, and which of an interface's addresses an instance speaks from.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "vrrp/router.h"

namespace penstock::vrrp {

class Interfaces {
 public:
  // Nothing: never told.
  [[nodiscard]] const InterfaceState* find(const std::string& name) const {
    const auto found = states_.find(name);
    return found == states_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] bool is_up(const std::string& name) const {
    const InterfaceState* state = find(name);
    return state != nullptr && state->up;
  }
  void set(const std::string& name, const InterfaceState& state) { states_[name] = state; }

 private:
  std::map<std::string, InterfaceState> states_;
};

// Where the instance's adverts come from: what is configured, else the interface's first address of the family (IPv6: the first
// link-local one, RFC 9568 section 5.1.2.1). Virtual addresses, of whichever instance, are passed over, for they come and go;
// only an owner (priority 255) has them for good. Nothing: there is no such address.
[[nodiscard]] std::optional<packet::IpAddress> source_address(const InstanceSpec& spec, const InterfaceState* interface,
                                                              const std::set<packet::IpAddress>& virtual_addresses);

// The interface's addresses that nobody else can be speaking from. Virtual addresses are left out unless the instance owns them
// (priority 255): while we hold the address of an owner that comes back, its adverts come from an address that our interface
// has.
[[nodiscard]] std::vector<packet::IpAddress> own_addresses(const InstanceSpec& spec, const InterfaceState* interface,
                                                           const std::set<packet::IpAddress>& virtual_addresses);

}  // namespace penstock::vrrp
