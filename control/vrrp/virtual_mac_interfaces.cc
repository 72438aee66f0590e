#include "control/vrrp/virtual_mac_interfaces.h"

#include <net/if.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "control/log.h"
#include "control/netlink/interface_sysctl.h"
#include "vrrp/virtual_mac.h"

namespace penstock::control {
namespace {

using Family = InterfaceSysctl::Family;

struct Setting {
  const char* key;
  const char* value;
};
// The first two are keepalived's. With the third a request of the base interface's never names a VIP as its sender, which would
// tell the neighbour that the VIP is at the base interface's MAC address.
constexpr Setting kBaseSettings[] = {{"arp_ignore", "1"}, {"arp_filter", "1"}, {"arp_announce", "2"}};

// What the knob was before; empty where there is no such knob.
std::string set(Family family, const std::string& interface, const char* key, const std::string& value) {
  const InterfaceSysctl sysctl{family, interface, key};
  if (!sysctl.exists()) return {};
  std::string before = sysctl.read().value_or("");
  if (before == value) return before;
  if (const auto written = sysctl.write(value); !written) log::warning("{}", written.error());
  return before;
}

}  // namespace

VirtualMacInterfaces::VirtualMacInterfaces(LinkControl& links, NetworkMirror& mirror)
    : links_{links},
      mirror_{mirror},
      reverse_path_filter_{[](const std::string& line) { log::info("{}", line); }},
      changes_{mirror.subscribe({.link_changed =
                                     [this](int index, const Link* now) {
                                       if (now == nullptr) on_link_gone(index);
                                     },
                                 .address_changed = {},
                                 .neighbour_changed = {},
                                 .routes_changed = {}})} {}

std::expected<void, std::string> VirtualMacInterfaces::check_names(std::span<const vrrp::InstanceSpec> instances) {
  std::map<std::string, std::string> instance_of;
  for (const vrrp::InstanceSpec& instance : instances) {
    if (!instance.virtual_mac) continue;
    const auto [first, is_new] = instance_of.emplace(instance.virtual_mac->interface, instance.name);
    if (is_new) continue;
    return std::unexpected{"(" + instance.name + ") use_vmac: the interface " + first->first + " is that of vrrp_instance " +
                           first->second};
  }
  return {};
}

std::map<std::string, VirtualMacInterfaces::Wanted> VirtualMacInterfaces::wanted_by(
    std::span<const vrrp::InstanceSpec> instances) const {
  std::map<std::string, Wanted> wanted;
  for (const vrrp::InstanceSpec& instance : instances) {
    if (!instance.virtual_mac || mirror_.find_link(instance.interface) == nullptr) continue;
    Wanted one{.instance = instance.name, .base = instance.interface, .mac = vrrp::virtual_mac(instance)};
    for (const auto* const list : {&instance.addresses, &instance.excluded_addresses}) {
      for (const vrrp::VirtualAddress& vip : *list) {
        if (vip.interface == instance.interface) (vip.address.is_v4() ? one.has_ipv4 : one.has_ipv6) = true;
      }
    }
    wanted.emplace(instance.virtual_mac->interface, std::move(one));
  }
  return wanted;
}

std::expected<void, std::string> VirtualMacInterfaces::prepare(std::span<const vrrp::InstanceSpec> instances) {
  if (auto distinct = check_names(instances); !distinct) return distinct;
  mirror_.poll();
  const auto wanted = wanted_by(instances);
  std::vector<std::string> created;
  for (const auto& [name, one] : wanted) {
    if (const auto there = made_.find(name); there != made_.end()) {
      if (there->second.as.base == one.base && there->second.as.mac == one.mac) {
        there->second.as = one;
        continue;
      }
      remove(name);
    }
    const auto index = make(name, one);
    if (!index) {
      for (const std::string& each : created) remove(each);
      return std::unexpected{index.error()};
    }
    made_[name] = {one, *index};
    created.push_back(name);
  }
  settle_bases();
  for (const auto& [name, made] : made_) configure(name, made);
  mirror_.poll();  // so that the new interfaces are known to all who ask by name
  return {};
}

std::expected<int, std::string> VirtualMacInterfaces::make(const std::string& name, const Wanted& wanted) {
  const int base = static_cast<int>(if_nametoindex(wanted.base.c_str()));
  if (const auto added = links_.add_macvlan(base, name, wanted.mac); !added) {
    return std::unexpected{"(" + wanted.instance + ") use_vmac: " + added.error() +
                           (if_nametoindex(name.c_str()) != 0 ? " (it isn't ours: give use_vmac another name)" : "")};
  }
  log::info("({}): Success creating VMAC interface {}", wanted.instance, name);
  return static_cast<int>(if_nametoindex(name.c_str()));
}

// Its own addresses, and nothing else: neither another interface's nor one that a router's advertisement gives it.
void VirtualMacInterfaces::configure(const std::string& name, const Made& made) {
  set(Family::kIpv4, name, "arp_ignore", "1");
  set(Family::kIpv4, name, "accept_local", "1");
  set(Family::kIpv4, name, "rp_filter", "0");
  set(Family::kIpv4, name, "promote_secondaries", "1");
  if (made.as.has_ipv6) {
    set(Family::kIpv6, name, "accept_ra", "0");
    if (const auto done = links_.set_ipv6_link_local(made.index, false); !done) log::warning("{}", done.error());
  }
  set(Family::kIpv6, name, "disable_ipv6", made.as.has_ipv6 ? "0" : "1");
  if (const auto up = links_.set_up(made.index, true); !up) log::error("({}) {}", made.as.instance, up.error());
}

void VirtualMacInterfaces::settle_bases() {
  std::map<std::string, Before> bases;
  for (const auto& [name, made] : made_) {
    const std::string& base = made.as.base;
    if (!made.as.has_ipv4 || bases.contains(base)) continue;
    if (const auto known = bases_.find(base); known != bases_.end()) {
      bases.insert(*known);
    } else {
      for (const auto& [key, value] : kBaseSettings) bases[base][key] = set(Family::kIpv4, base, key, value);
    }
  }
  for (const auto& [base, before] : bases_) {
    if (bases.contains(base)) continue;
    for (const auto& [key, value] : before) {
      if (!value.empty()) set(Family::kIpv4, base, key.c_str(), value);
    }
  }
  bases_ = std::move(bases);
  if (bases_.empty()) {
    reverse_path_filter_.restore();
  } else {
    reverse_path_filter_.move_to_interfaces();
  }
}

void VirtualMacInterfaces::keep_only(std::span<const vrrp::InstanceSpec> instances) {
  const auto wanted = wanted_by(instances);
  std::vector<std::string> unwanted;
  for (const auto& [name, made] : made_) {
    if (!wanted.contains(name)) unwanted.push_back(name);
  }
  for (const std::string& name : unwanted) remove(name);
  settle_bases();
}

void VirtualMacInterfaces::withdraw() { keep_only({}); }

void VirtualMacInterfaces::remove(const std::string& name) {
  const auto node = made_.extract(name);  // first, so that its going is no surprise
  const Made& made = node.mapped();
  if (const auto removed = links_.remove(made.index); !removed) {
    log::error("({}) {}", made.as.instance, removed.error());
    return;
  }
  log::info("({}) Success removing VMAC interface {}", made.as.instance, name);
}

void VirtualMacInterfaces::on_link_gone(int index) {
  const auto gone = std::ranges::find(made_, index, [](const auto& each) { return each.second.index; });
  if (gone == made_.end()) return;
  auto& [name, made] = *gone;
  log::warning("({}) somebody deleted the VMAC interface {}: it is made again", made.as.instance, name);
  const auto again = make(name, made.as);
  made.index = again.value_or(0);
  if (again) {
    configure(name, made);
  } else {
    log::error("{}", again.error());
  }
}

}  // namespace penstock::control
