#include "control/cli/vrrp_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "control/cli/units.h"

namespace penstock::control {
namespace {

std::string times_text(std::uint64_t count, vrrp::TimePoint last, const VrrpStatus& all) {
  return fmt::format("({} time{}, last {} ago)", with_separators(count), count == 1 ? "" : "s", moment_text(all.now - last));
}

std::string claim_text(const VipConflict& conflict) {
  return fmt::format("answers {} for {}", conflict.address.is_v4() ? "ARP" : "neighbour discovery",
                     conflict.address.to_string());
}

std::string conflict_text(const VrrpInstanceView& instance, const VipConflict& conflict) {
  const std::string claim = claim_text(conflict);
  const std::string times = times_text(conflict.count, conflict.last, instance.all);
  if (conflict.real_server) {
    return fmt::format("real server {} ({}) {}: its kernel must not (arp_ignore=1, arp_announce=2) {}",
                       conflict.real_server->to_string(), conflict.mac.to_string(), claim, times);
  }
  const vrrp::InstanceCounters& counters = instance.status.counters;
  const std::string who = fmt::format("{} {}", conflict.mac.to_string(), claim);
  if (std::accumulate(counters.rejected.begin(), counters.rejected.end(), std::uint64_t{0}) != 0) {
    return fmt::format("{}: another master, and adverts are rejected {}", who, times);
  }
  if (counters.adverts_received == 0) {
    return fmt::format(
        "no advert was ever received on {}, while {}: another master that we don't hear (is protocol 112 let through, and "
        "multicast?) {}",
        instance.spec.interface, who, times);
  }
  const std::string heard =
      instance.status.master ? fmt::format(" since {}", moment_text(instance.all.now - instance.status.master->heard)) : "";
  return fmt::format("no advert that we believe was received{}, while {}: another master? {}", heard, who, times);
}

}  // namespace

std::vector<VrrpInstanceView> vrrp_instances(const VrrpStatus& status) {
  std::vector<VrrpInstanceView> all;
  for (const vrrp::InstanceSpec& spec : status.spec.instances) {
    const auto found = std::ranges::find(status.thread.instances, spec.name, &vrrp::InstanceStatus::name);
    if (found != status.thread.instances.end()) all.push_back({spec, *found, status});
  }
  return all;
}

std::string vip_text(const vrrp::VirtualAddress& vip, const vrrp::InstanceSpec& instance) {
  std::string text = vip.address.to_string();
  if (vip.prefix_length != vip.address.bits()) text += fmt::format("/{}", vip.prefix_length);
  if (vip.interface != instance.interface) text += fmt::format(" on {}", vip.interface);
  return text;
}

std::string moment_text(std::chrono::nanoseconds duration) {
  const auto positive = std::max(duration, std::chrono::nanoseconds{});
  if (positive >= std::chrono::seconds{10}) return duration_text(std::chrono::floor<std::chrono::seconds>(positive));
  return fmt::format("{:.1f} s", std::chrono::duration<double>(positive).count());
}

std::string interval_text(vrrp::Duration interval) {
  return fmt::format("{} s", std::chrono::duration<double>(interval).count());
}

std::string rejected_text(const VrrpInstanceView& instance, const vrrp::RejectedPeer& peer) {
  return fmt::format("I hear {} for VRID {}, rejected: {} {}", peer.source.to_string(), instance.spec.virtual_router_id,
                     to_string(peer.why), times_text(peer.count, peer.last, instance.all));
}

std::vector<std::string> conflict_texts(const VrrpInstanceView& instance) {
  std::vector<std::string> texts;
  if (instance.status.state != vrrp::State::kMaster) return texts;
  for (const VipConflict& conflict : instance.all.conflicts) {
    if (conflict.instance == instance.spec.name && conflict.last >= instance.status.since) {
      texts.push_back(conflict_text(instance, conflict));
    }
  }
  return texts;
}

std::string share_text(const vrrp::PriorityShare& share) {
  if (share.is_condition) return fmt::format("{} {}", share.tracker, share.succeeds ? "holds" : "fails: FAULT");
  if (share.tracker.starts_with("file ")) return fmt::format("{:+} by {}", share.adds, share.tracker);
  if (share.adds != 0) return fmt::format("{:+} as {} {}", share.adds, share.tracker, share.succeeds ? "succeeds" : "fails");
  return fmt::format("0 as {} {} (else {:+})", share.tracker, share.succeeds ? "succeeds" : "fails", share.weight);
}

}  // namespace penstock::control
