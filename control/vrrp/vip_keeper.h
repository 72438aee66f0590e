// The virtual addresses on the kernel's interfaces: there while their virtual router is master here, and only then.
//
// Whether they are ours is VRRP's to say; when the kernel has them matters to who pings or connects to the host by them, not to
// forwarding. Control-owned: the kernel's answer may take its time.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>

#include "control/netlink/address_manager.h"
#include "control/netlink/mirror.h"
#include "vrrp/spec/instance_spec.h"

namespace penstock::control {

class VipKeeper {
 public:
  // One of the addresses has gone from its interface, and not by us.
  using Lost = std::function<void(const std::string& interface, const packet::IpAddress& address)>;

  // Both references must outlive the keeper.
  VipKeeper(AddressManager& addresses, NetworkMirror& mirror, Lost lost);
  ~VipKeeper() { withdraw(); }
  VipKeeper(const VipKeeper&) = delete;
  VipKeeper& operator=(const VipKeeper&) = delete;

  // Which addresses each instance has from now on. Those of an instance whose addresses are here change at once; the addresses
  // of one that is no longer named go.
  void apply(std::span<const vrrp::InstanceSpec> instances);
  // Puts an instance's addresses there, or takes them away.
  void set_owner(const std::string& instance, bool owns);
  // Takes all of them away.
  void withdraw();

 private:
  using Vips = std::map<AddressKey, vrrp::VirtualAddress>;

  [[nodiscard]] Vips vips_of(const vrrp::InstanceSpec& instance) const;
  void become(Vips& held, const Vips& wanted, const std::string& instance);
  void add(const std::string& instance, const AddressKey& key, const vrrp::VirtualAddress& vip);
  void remove(const AddressKey& key);
  void on_address(const AddressKey& key, bool is_there);

  AddressManager& addresses_;
  NetworkMirror& mirror_;
  Lost lost_;
  std::map<std::string, vrrp::InstanceSpec> instances_;
  std::map<std::string, Vips> held_;  // of instances that are master here
  std::set<AddressKey> leaving_;      // taken away by us, the kernel's word of it still to come
  NetworkMirror::Subscription changes_;
};

}  // namespace penstock::control
