// The kernel's side of use_vmac: for each virtual router with a MAC address of its own a macvlan upon its interface, where its
// addresses live while it is master, so that ARP and neighbour discovery are answered with that MAC address.
//
// As keepalived makes them: private mode, no IPv6 address of their own, no IPv6 at all without an IPv6 VIP, and sysctls by
// which each of the two interfaces answers ARP for its own addresses only. They go with this object, or with the TAP below
// them. Control-owned.
#pragma once

#include <expected>
#include <map>
#include <span>
#include <string>

#include "control/netlink/link_control.h"
#include "control/netlink/mirror.h"
#include "control/netlink/reverse_path_filter.h"
#include "vrrp/spec/instance_spec.h"

namespace penstock::control {

class VirtualMacInterfaces {
 public:
  // Both must outlive it.
  VirtualMacInterfaces(LinkControl& links, NetworkMirror& mirror);
  ~VirtualMacInterfaces() { withdraw(); }
  VirtualMacInterfaces(const VirtualMacInterfaces&) = delete;
  VirtualMacInterfaces& operator=(const VirtualMacInterfaces&) = delete;

  // Makes what the instances need and isn't there yet. On an error, which is a sentence for the operator, those go again that
  // were made for it. An instance without an interface in the kernel gets none. Precondition: the interfaces have names
  // (vrrp::name_virtual_mac_interfaces).
  std::expected<void, std::string> prepare(std::span<const vrrp::InstanceSpec> instances);
  // Removes what the instances don't need: once their addresses have left.
  void keep_only(std::span<const vrrp::InstanceSpec> instances);
  void withdraw();

 private:
  struct Wanted {
    std::string instance{};
    std::string base{};  // the interface below
    packet::MacAddress mac{};
    bool has_ipv4 = false;  // addresses
    bool has_ipv6 = false;
  };
  struct Made {
    Wanted as{};
    int index = 0;
  };
  using Before = std::map<std::string, std::string>;  // values of sysctls, by key

  // Two instances can't have one interface.
  [[nodiscard]] static std::expected<void, std::string> check_names(std::span<const vrrp::InstanceSpec> instances);
  [[nodiscard]] std::map<std::string, Wanted> wanted_by(std::span<const vrrp::InstanceSpec> instances) const;
  std::expected<int, std::string> make(const std::string& name, const Wanted& wanted);
  void configure(const std::string& name, const Made& made);
  void remove(const std::string& name);
  // Base interfaces answer and ask by ARP for their own addresses only, while there is such an interface upon them.
  void settle_bases();
  void on_link_gone(int index);

  LinkControl& links_;
  NetworkMirror& mirror_;
  std::map<std::string, Made> made_;     // by name
  std::map<std::string, Before> bases_;  // by name; what they had before
  ReversePathFilter reverse_path_filter_;
  NetworkMirror::Subscription changes_;
};

}  // namespace penstock::control
