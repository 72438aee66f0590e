#include "control/daemon/vip_keeper.h"

#include <algorithm>

#include "control/log.h"

namespace penstock::control {

void VipKeeper::apply(const config::Model& model) {
  std::map<std::string, Vips> wanted;
  for (const vrrp::InstanceSpec& instance : model.vrrp.instances) wanted[instance.name] = vips_of(instance);

  for (auto& [name, vips] : held_) {
    const auto still = wanted.find(name);
    const bool removes =
        std::ranges::any_of(vips, [&](const auto& vip) { return still == wanted.end() || !still->second.contains(vip.first); });
    if (removes) log::info("({}) removing VIPs.", name);
    for (const auto& [key, vip] : vips) {
      if (still == wanted.end() || !still->second.contains(key)) remove(key);
    }
  }
  for (const auto& [name, vips] : wanted) {
    const auto before = held_.find(name);
    const auto is_new = [&](const AddressKey& key) { return before == held_.end() || !before->second.contains(key); };
    if (std::ranges::any_of(vips, [&](const auto& vip) { return is_new(vip.first); })) log::info("({}) setting VIPs.", name);
    for (const auto& [key, vip] : vips) {
      if (is_new(key)) add(name, key, vip);
    }
  }
  held_ = std::move(wanted);
}

void VipKeeper::withdraw() {
  for (const auto& [name, vips] : held_) {
    if (!vips.empty()) log::info("({}) removing VIPs.", name);
    for (const auto& [key, vip] : vips) remove(key);
  }
  held_.clear();
}

VipKeeper::Vips VipKeeper::vips_of(const vrrp::InstanceSpec& instance) const {
  Vips vips;
  for (const auto* const list : {&instance.addresses, &instance.excluded_addresses}) {
    for (const vrrp::VirtualAddress& vip : *list) {
      if (const Link* const link = mirror_.find_link(vip.interface); link != nullptr) {
        vips.emplace(AddressKey{link->index, vip.address, vip.prefix_length}, vip);
      } else {
        log::warning("({}) no interface {} for {}: give it a --port", instance.name, vip.interface, vip.address.to_string());
      }
    }
  }
  return vips;
}

void VipKeeper::add(const std::string& instance, const AddressKey& key, const vrrp::VirtualAddress& vip) {
  const auto result =
      addresses_.add({.key = key, .broadcast = vip.broadcast, .scope = vip.scope.value_or(0), .label = vip.label});
  if (!result) {
    log::error("({}) can't add {} to {}: {}", instance, vip.address.to_string(), vip.interface, result.error());
    return;
  }
  log::debug("({}) Sending/queueing gratuitous ARPs on {} for {}", instance, vip.interface, vip.address.to_string());
  announce_(vip.interface, vip.address);
}

void VipKeeper::remove(const AddressKey& key) {
  if (const auto result = addresses_.remove(key); !result)
    log::error("can't remove {}: {}", key.address.to_string(), result.error());
}

}  // namespace penstock::control
