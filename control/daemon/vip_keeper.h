// The virtual addresses on the ports' TAPs: put there while we are the MASTER, announced to the neighbours, taken away again.
//
// Until VRRP is spoken every instance counts as MASTER. Control-owned.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "config/model.h"
#include "control/netlink/address_manager.h"
#include "control/netlink/mirror.h"

namespace penstock::control {

class VipKeeper {
 public:
  // Tells the neighbours on `interface` that the address lives here from now on (gratuitous ARP, unsolicited neighbour
  // advertisement).
  using Announce = std::function<void(const std::string& interface, const packet::IpAddress& vip)>;

  // Both references must outlive the keeper.
  VipKeeper(AddressManager& addresses, const NetworkMirror& mirror, Announce announce)
      : addresses_{addresses}, mirror_{mirror}, announce_{std::move(announce)} {}
  ~VipKeeper() { withdraw(); }
  VipKeeper(const VipKeeper&) = delete;
  VipKeeper& operator=(const VipKeeper&) = delete;

  // Makes the VIPs those of the model: takes away what it no longer names, adds and announces what is new. Those that stay
  // aren't touched.
  void apply(const config::Model& model);
  // Takes all of them away.
  void withdraw();

 private:
  using Vips = std::map<AddressKey, vrrp::VirtualAddress>;

  [[nodiscard]] Vips vips_of(const vrrp::InstanceSpec& instance) const;
  void add(const std::string& instance, const AddressKey& key, const vrrp::VirtualAddress& vip);
  void remove(const AddressKey& key);

  AddressManager& addresses_;
  const NetworkMirror& mirror_;
  Announce announce_;
  std::map<std::string, Vips> held_;  // by instance
};

}  // namespace penstock::control
