#include "control/vrrp/worker_adverts.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "vrrp/advert.h"

namespace penstock::control {
namespace {

using core::AdvertFault;
using vrrp::Rejection;

std::uint16_t seconds_of(vrrp::Duration interval) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(interval);
  const bool can_say = seconds == interval && seconds.count() >= 0 && seconds.count() <= 0xff;
  return can_say ? static_cast<std::uint16_t>(seconds.count()) : core::ExpectedAdvert::kNoInterval;
}

// Nothing for what concerns no instance.
std::optional<Rejection> rejection_of(AdvertFault fault) {
  switch (fault) {
    case AdvertFault::kNone:
    case AdvertFault::kUnreadable:
    case AdvertFault::kUnknownRouter: return std::nullopt;
    case AdvertFault::kAuthenticationType: return Rejection::kAuthenticationType;
    case AdvertFault::kLength: return Rejection::kLength;
    case AdvertFault::kTtl: return Rejection::kTtl;
    case AdvertFault::kVersion: return Rejection::kVersion;
    case AdvertFault::kPassword: return Rejection::kPassword;
    case AdvertFault::kInterval: return Rejection::kInterval;
    case AdvertFault::kType: return Rejection::kType;
    case AdvertFault::kChecksum: return Rejection::kChecksum;
    case AdvertFault::kDelivery: return Rejection::kDelivery;
  }
  return std::nullopt;
}

}  // namespace

std::vector<core::ExpectedAdvert> expected_adverts(std::span<const vrrp::InstanceSpec> instances, const OwnerIds& owners,
                                                   std::span<const std::string> ports) {
  std::vector<core::ExpectedAdvert> expected;
  for (const vrrp::InstanceSpec& instance : instances) {
    const auto port = std::ranges::find(ports, instance.interface);
    if (port == ports.end()) continue;
    expected.push_back({.router = owners.at(instance.name),
                        .port = static_cast<core::PortIndex>(port - ports.begin()),
                        .family = instance.family,
                        .virtual_router_id = instance.virtual_router_id,
                        .version = instance.version,
                        .unicast = !instance.unicast_peers.empty(),
                        .has_password = !instance.auth_pass.empty(),
                        .seconds = seconds_of(instance.advert_interval),
                        .password = vrrp::authentication_of(instance.auth_pass)});
  }
  return expected;
}

WorkerAdverts::Counts WorkerAdverts::counted(core::OwnerId owner) const {
  Counts counts{};
  for (unsigned worker = 0; worker < board_.workers(); ++worker) {
    const auto& row = board_.adverts(static_cast<core::WorkerIndex>(worker)).of(owner);
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += row[i].get();
  }
  return counts;
}

void WorkerAdverts::add_to(VrrpThreadStatus& status, const OwnerIds& owners) const {
  const Counts nobodys = counted(core::kAlwaysOurs);
  status.strangers.unreadable += nobodys[static_cast<std::size_t>(AdvertFault::kUnreadable)];
  status.strangers.unknown_router += nobodys[static_cast<std::size_t>(AdvertFault::kUnknownRouter)];
  for (vrrp::InstanceStatus& instance : status.instances) {
    const auto owner = owners.find(instance.name);
    if (owner == owners.end()) continue;
    const Counts all = counted(owner->second);
    const auto before = before_.find(owner->second);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const std::uint64_t count = all[i] - (before != before_.end() ? before->second[i] : 0);
      if (const auto why = rejection_of(static_cast<AdvertFault>(i))) {
        instance.counters.rejected[static_cast<std::size_t>(*why)] += count;
      } else {
        instance.counters.adverts_limited += count;
      }
    }
  }
}

}  // namespace penstock::control
