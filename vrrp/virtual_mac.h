// use_vmac: the MAC address of a virtual router, and the name of the interface that has it in the kernel.
#pragma once

#include <string>

#include "dataplane/packet/mac_address.h"
#include "vrrp/spec/router_spec.h"

namespace penstock::vrrp {

// The virtual router's MAC address: the configured one, else 00-00-5E-00-01-{VRID}, for IPv6 00-00-5E-00-02-{VRID} (RFC 9568
// section 7.3). Precondition: spec.virtual_mac.
[[nodiscard]] packet::MacAddress virtual_mac(const InstanceSpec& spec);

// Gives each instance with a virtual MAC address and without a name for its interface one that no other instance has, as
// keepalived does: "vrrp." and the VRID; else with a number after "vrrp", for IPv6 first of all 6.
void name_virtual_mac_interfaces(RouterSpec& spec);

// The kernel's interface for an address of the instance: its own interface's addresses are on the virtual MAC address's, where
// that has a name.
[[nodiscard]] const std::string& interface_of(const InstanceSpec& spec, const VirtualAddress& address);

}  // namespace penstock::vrrp
