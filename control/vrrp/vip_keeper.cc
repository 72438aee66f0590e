#include "control/vrrp/vip_keeper.h"

#include <utility>

#include "control/log.h"
#include "vrrp/virtual_mac.h"

namespace penstock::control {

VipKeeper::VipKeeper(AddressManager& addresses, NetworkMirror& mirror, Lost lost)
    : addresses_{addresses},
      mirror_{mirror},
      lost_{std::move(lost)},
      changes_{mirror.subscribe(
          {.link_changed = {},
           .address_changed = [this](const AddressKey& key, const Address* now) { on_address(key, now != nullptr); },
           .neighbour_changed = {},
           .routes_changed = {}})} {}

void VipKeeper::apply(std::span<const vrrp::InstanceSpec> instances) {
  std::map<std::string, vrrp::InstanceSpec> named;
  for (const vrrp::InstanceSpec& instance : instances) named.emplace(instance.name, instance);
  for (auto& [name, vips] : held_) {
    const auto instance = named.find(name);
    become(vips, instance != named.end() ? vips_of(instance->second) : Vips{}, name);
  }
  std::erase_if(held_, [&](const auto& each) { return !named.contains(each.first); });
  instances_ = std::move(named);
}

void VipKeeper::set_owner(const std::string& instance, bool owns) {
  const auto spec = instances_.find(instance);
  if (owns && spec != instances_.end()) {
    become(held_[instance], vips_of(spec->second), instance);
  } else if (const auto vips = held_.find(instance); vips != held_.end()) {
    become(vips->second, {}, instance);
    held_.erase(vips);
  }
}

void VipKeeper::withdraw() {
  for (auto& [name, vips] : held_) become(vips, {}, name);
  held_.clear();
}

VipKeeper::Vips VipKeeper::vips_of(const vrrp::InstanceSpec& instance) const {
  Vips vips;
  for (const auto* const list : {&instance.addresses, &instance.excluded_addresses}) {
    for (const vrrp::VirtualAddress& vip : *list) {
      const std::string& interface = vrrp::interface_of(instance, vip);
      if (const Link* const link = mirror_.find_link(interface); link != nullptr) {
        vips.emplace(AddressKey{link->index, vip.address, vip.prefix_length}, vip);
      } else {
        log::warning("({}) no interface {} for {}: give it a --port", instance.name, vip.interface, vip.address.to_string());
      }
    }
  }
  return vips;
}

void VipKeeper::become(Vips& held, const Vips& wanted, const std::string& instance) {
  for (const auto& [key, vip] : held) {
    if (!wanted.contains(key)) remove(key);
  }
  for (const auto& [key, vip] : wanted) {
    if (!held.contains(key)) add(instance, key, vip);
  }
  held = wanted;
}

void VipKeeper::add(const std::string& instance, const AddressKey& key, const vrrp::VirtualAddress& vip) {
  leaving_.erase(key);
  const auto result =
      addresses_.add({.key = key, .broadcast = vip.broadcast, .scope = vip.scope.value_or(0), .label = vip.label});
  if (!result) log::error("({}) can't add {} to {}: {}", instance, vip.address.to_string(), vip.interface, result.error());
}

void VipKeeper::remove(const AddressKey& key) {
  leaving_.insert(key);
  if (const auto result = addresses_.remove(key); !result) {
    log::error("can't remove {}: {}", key.address.to_string(), result.error());
  }
}

void VipKeeper::on_address(const AddressKey& key, bool is_there) {
  const bool is_leaving = !is_there && leaving_.erase(key) > 0;
  for (const auto& [instance, vips] : held_) {
    const auto vip = vips.find(key);
    if (vip == vips.end()) continue;
    log::info("Netlink reflector reports IP {} {}", key.address.to_string(), is_there ? "added" : "removed");
    if (!is_there && !is_leaving) lost_(vip->second.interface, key.address);
    return;
  }
  if (is_leaving) log::info("Netlink reflector reports IP {} removed", key.address.to_string());
}

}  // namespace penstock::control
