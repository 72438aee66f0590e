#include "control/vrrp/vrrp_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "control/log.h"
#include "vrrp/virtual_mac.h"
#include "vrrp/virtual_router.h"

namespace penstock::control {

namespace {

vrrp::RouterSpec with_names(vrrp::RouterSpec spec) {
  vrrp::name_virtual_mac_interfaces(spec);
  return spec;
}

}  // namespace

VrrpService::VrrpService(EventLoop& loop, Kernel kernel, const core::CounterBoard& board, VrrpThread::Surroundings surroundings)
    : ownership_{surroundings.ownership},
      ports_{surroundings.ports},
      worker_adverts_{board},
      virtual_mac_interfaces_{kernel.links, kernel.mirror},
      vips_{kernel.addresses, kernel.mirror,
            [this](const std::string& interface, const packet::IpAddress& address) {
              thread_.post(AddressLoss{interface, address});
            }},
      conflicts_{[this](const std::string& instance) { return ownership_.owns(owner_ids_.at(instance)); }},
      thread_{loop, std::move(surroundings),
              [this](const std::vector<vrrp::SetOwner>& changes) {
                for (const vrrp::SetOwner& change : changes) {
                  vips_.set_owner(change.instance, change.owns);
                }
              }},
      interfaces_{kernel.mirror, [this](InterfaceChange change) { thread_.post(std::move(change)); }} {}

std::expected<void, std::string> VrrpService::prepare(const vrrp::RouterSpec& spec) {
  if (spec.instances.size() >= core::kMaxOwners) {
    return std::unexpected{fmt::format("{} vrrp_instances are more than {}", spec.instances.size(), core::kMaxOwners - 1)};
  }
  return virtual_mac_interfaces_.prepare(with_names(spec).instances);
}

// An instance keeps its place as long as the configuration names it.
void VrrpService::assign_owners(const vrrp::RouterSpec& spec) {
  std::set<std::string> names;
  for (const vrrp::InstanceSpec& instance : spec.instances) names.insert(instance.name);
  std::erase_if(owner_ids_, [&](const auto& each) { return !names.contains(each.first); });
  std::set<core::OwnerId> taken{core::kAlwaysOurs};
  for (const auto& [name, id] : owner_ids_) taken.insert(id);
  std::uint16_t next = 0;
  for (const std::string& name : names) {
    if (owner_ids_.contains(name)) continue;
    while (!taken.insert(core::OwnerId{next}).second) ++next;
    owner_ids_[name] = core::OwnerId{next};
    worker_adverts_.begin(core::OwnerId{next});
  }
  for (const vrrp::InstanceSpec& instance : spec.instances) {
    const auto before = std::ranges::find(spec_.instances, instance.name, &vrrp::InstanceSpec::name);
    if (before == spec_.instances.end() || vrrp::is_same_router(*before, instance)) continue;
    worker_adverts_.begin(owner_ids_.at(instance.name));
  }
}

VrrpThreadStatus VrrpService::status() {
  VrrpThreadStatus status = thread_.status();
  worker_adverts_.add_to(status, owner_ids_);
  return status;
}

void VrrpService::apply(const vrrp::RouterSpec& spec) {
  assign_owners(spec);
  spec_ = with_names(spec);
  interfaces_.follow(interfaces());
  conflicts_.apply(spec_.instances);
  silent_.apply(spec_.instances);
  vips_.apply(spec_.instances);
  virtual_mac_interfaces_.keep_only(spec_.instances);
  thread_.post(VrrpConfiguration{spec_, owner_ids_});
}

std::unordered_map<packet::IpAddress, core::OwnerId> VrrpService::owners() const {
  std::unordered_map<packet::IpAddress, core::OwnerId> owners;
  for (const vrrp::InstanceSpec& instance : spec_.instances) {
    for (const auto* const list : {&instance.addresses, &instance.excluded_addresses}) {
      for (const vrrp::VirtualAddress& vip : *list) owners.emplace(vip.address, owner_ids_.at(instance.name));
    }
  }
  return owners;
}

std::vector<core::VirtualMac> VrrpService::virtual_macs(const std::string& interface) const {
  std::vector<core::VirtualMac> macs;
  for (const vrrp::InstanceSpec& instance : spec_.instances) {
    if (instance.virtual_mac && instance.interface == interface) {
      macs.push_back({vrrp::virtual_mac(instance), owner_ids_.at(instance.name)});
    }
  }
  return macs;
}

bool VrrpService::may_send_from(const packet::MacAddress& source) const {
  bool is_virtual = false;
  for (const vrrp::InstanceSpec& instance : spec_.instances) {
    if (!instance.virtual_mac || vrrp::virtual_mac(instance) != source) continue;
    if (ownership_.owns(owner_ids_.at(instance.name))) return true;
    is_virtual = true;
  }
  return !is_virtual;
}

std::set<std::string> VrrpService::interfaces() const {
  std::set<std::string> names;
  const auto add_tracked = [&](const vrrp::Tracking& tracking) {
    for (const vrrp::TrackLine& line : tracking.interfaces) names.insert(line.name);
  };
  for (const vrrp::InstanceSpec& instance : spec_.instances) {
    names.insert(instance.interface);
    if (instance.virtual_mac) names.insert(instance.virtual_mac->interface);
    add_tracked(instance.tracking);
    for (const auto* const list : {&instance.addresses, &instance.excluded_addresses}) {
      for (const vrrp::VirtualAddress& vip : *list) names.insert(vip.interface);
    }
  }
  for (const vrrp::SyncGroupSpec& group : spec_.sync_groups) add_tracked(group.tracking);
  return names;
}

std::vector<packet::IpAddress> VrrpService::unicast_peers() const {
  std::set<packet::IpAddress> peers;
  for (const vrrp::InstanceSpec& instance : spec_.instances) {
    for (const vrrp::UnicastPeer& peer : instance.unicast_peers) peers.insert(peer.address);
  }
  return {peers.begin(), peers.end()};
}

void VrrpService::set_peer_macs(PeerMacs macs) {
  if (macs == peer_macs_) return;
  peer_macs_ = macs;
  thread_.post(std::move(macs));
}

void VrrpService::on_neighbour_frame(const std::string& interface, std::span<const std::byte> frame) {
  const auto claim = packet::address_claim_of(frame);
  if (!claim) return;
  const VipConflict* const conflict = conflicts_.note(interface, *claim, EventLoop::now());
  if (conflict == nullptr) return;
  log::warning("({}) {} on {} says that {} is there, while we are master for it", conflict->instance, conflict->mac.to_string(),
               conflict->interface, conflict->address.to_string());
}

void VrrpService::clear_counters() {
  thread_.post(ClearCounters{});
  for (const auto& [name, owner] : owner_ids_) worker_adverts_.begin(owner);
}

void VrrpService::stop() {
  thread_.stop();
  vips_.withdraw();
  virtual_mac_interfaces_.withdraw();
}

}  // namespace penstock::control
