#include "control/vrrp/interface_watch.h"

#include <linux/if_addr.h>

#include <utility>

#include "control/netlink/interface_sysctl.h"

namespace penstock::control {

InterfaceWatch::InterfaceWatch(NetworkMirror& mirror, Tell tell)
    : mirror_{mirror},
      tell_{std::move(tell)},
      changes_{mirror.subscribe({.link_changed =
                                     [this](int index, const Link* now) {
                                       if (now != nullptr) name_of_index_[index] = now->name;
                                       if (const auto name = name_of_index_.find(index); name != name_of_index_.end())
                                         look(name->second);
                                     },
                                 .address_changed =
                                     [this](const AddressKey& key, const Address*) {
                                       if (const auto name = name_of_index_.find(key.interface_index);
                                           name != name_of_index_.end()) {
                                         look(name->second);
                                       }
                                     },
                                 .neighbour_changed = {},
                                 .routes_changed = {}})} {
  mirror.for_each_link([this](const Link& link) { name_of_index_[link.index] = link.name; });
}

void InterfaceWatch::follow(std::set<std::string> names) {
  mirror_.poll();  // else an address that was added a moment ago would be missing
  names_ = std::move(names);
  std::erase_if(told_, [this](const auto& each) { return !names_.contains(each.first); });
  for (const std::string& name : names_) look(name);
}

void InterfaceWatch::look(const std::string& name) {
  if (!names_.contains(name)) return;
  vrrp::InterfaceState now = state_of(name);
  const auto [told, is_new] = told_.try_emplace(name);
  if (!is_new && told->second == now) return;
  told->second = now;
  tell_({name, std::move(now)});
}

// Addresses in numerical order, those of the kernel's second rank (secondary, deprecated, tentative) left out: none of them is
// a source for our adverts.
vrrp::InterfaceState InterfaceWatch::state_of(const std::string& name) const {
  const Link* const link = mirror_.find_link(name);
  if (link == nullptr) return {};
  vrrp::InterfaceState state{.up = link->is_running(), .mac = link->mac};
  mirror_.for_each_address([&](const Address& address) {
    constexpr std::uint32_t kSecondRank = IFA_F_SECONDARY | IFA_F_DEPRECATED | IFA_F_TENTATIVE;
    if (address.key.interface_index == link->index && (address.flags & kSecondRank) == 0) {
      state.addresses.push_back(address.key.address);
    }
  });
  const auto forwarding = InterfaceSysctl{InterfaceSysctl::Family::kIpv6, name, "forwarding"}.read();
  state.is_router = forwarding && *forwarding == "1";
  return state;
}

}  // namespace penstock::control
