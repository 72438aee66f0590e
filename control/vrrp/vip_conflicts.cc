#include "control/vrrp/vip_conflicts.h"

#include <algorithm>

namespace penstock::control {

void VipConflicts::apply(std::span<const vrrp::InstanceSpec> instances) {
  instances_.clear();
  for (const vrrp::InstanceSpec& instance : instances) {
    for (const auto* const list : {&instance.addresses, &instance.excluded_addresses}) {
      for (const vrrp::VirtualAddress& vip : *list) instances_.emplace(vip.address, instance.name);
    }
  }
  std::erase_if(entries_, [&](const Entry& entry) {
    const auto found = instances_.find(entry.conflict.address);
    return found == instances_.end() || found->second != entry.conflict.instance;
  });
}

const VipConflict* VipConflicts::note(const std::string& interface, const packet::AddressClaim& claim, vrrp::TimePoint now) {
  const auto instance = instances_.find(claim.address);
  if (instance == instances_.end() || own_.contains(claim.mac) || !is_master_(instance->second)) return nullptr;
  auto entry = std::ranges::find_if(entries_, [&](const Entry& each) {
    return each.conflict.address == claim.address && each.conflict.mac == claim.mac && each.conflict.interface == interface;
  });
  if (entry == entries_.end()) {
    if (entries_.size() == kMost)
      entries_.erase(std::ranges::min_element(entries_, {}, [](const Entry& each) { return each.conflict.last; }));
    entries_.push_back({.conflict = {.instance = instance->second,
                                     .interface = interface,
                                     .address = claim.address,
                                     .mac = claim.mac,
                                     .real_server = {},
                                     .count = 0,
                                     .first = now,
                                     .last = now},
                        .next_line = now});
    entry = entries_.end() - 1;
  }
  ++entry->conflict.count;
  entry->conflict.last = now;
  if (now < entry->next_line) return nullptr;
  entry->next_line = now + kLinePeriod;
  return &entry->conflict;
}

std::vector<VipConflict> VipConflicts::list() const {
  std::vector<VipConflict> all;
  for (const Entry& entry : entries_) all.push_back(entry.conflict);
  std::ranges::stable_sort(all, std::greater{}, &VipConflict::last);
  return all;
}

}  // namespace penstock::control
