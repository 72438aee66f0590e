#include <algorithm>
#include <utility>

#include "control/cli/show_vrrp.h"
#include "control/cli/units.h"
#include "control/cli/vrrp_words.h"
#include "vrrp/virtual_mac.h"

namespace penstock::control {
namespace {

double at(vrrp::TimePoint time, const VrrpStatus& all) {
  const auto wall_clock = all.wall_clock_now - std::chrono::duration_cast<std::chrono::system_clock::duration>(all.now - time);
  return std::chrono::duration<double>(wall_clock.time_since_epoch()).count();
}

std::string key_of(vrrp::Rejection rejection) {
  std::string key{to_string(rejection)};
  std::ranges::replace_if(key, [](char letter) { return letter == ' ' || letter == '-' || letter == '\''; }, '_');
  return key;
}

Json addresses_json(std::span<const vrrp::VirtualAddress> addresses) {
  Json all = Json::array();
  for (const vrrp::VirtualAddress& vip : addresses) {
    all.push_back({{"address", vip.address.to_string()}, {"prefix_length", vip.prefix_length}, {"interface", vip.interface}});
  }
  return all;
}

Json shares_json(std::span<const vrrp::PriorityShare> shares) {
  Json all = Json::array();
  for (const vrrp::PriorityShare& share : shares) {
    all.push_back({{"tracker", share.tracker},
                   {"weight", share.weight},
                   {"adds", share.adds},
                   {"is_condition", share.is_condition},
                   {"succeeds", share.succeeds}});
  }
  return all;
}

Json counters_json(const vrrp::InstanceCounters& counters) {
  Json rejected = Json::object();
  for (std::size_t i = 0; i < vrrp::kRejectionCount; ++i)
    rejected[key_of(static_cast<vrrp::Rejection>(i))] = counters.rejected[i];
  return {{"adverts_received", counters.adverts_received},
          {"adverts_sent", counters.adverts_sent},
          {"became_master", counters.became_master},
          {"released_master", counters.released_master},
          {"priority_zero_received", counters.priority_zero_received},
          {"priority_zero_sent", counters.priority_zero_sent},
          {"address_list_differs", counters.address_list_differs},
          {"interval_differs", counters.interval_differs},
          {"announcements_sent", counters.announcements_sent},
          {"stalls", counters.stalls},
          {"adverts_limited", counters.adverts_limited},
          {"worst_lateness_seconds", seconds(counters.worst_lateness)},
          {"rejected", std::move(rejected)}};
}

Json master_json(const vrrp::InstanceStatus::Master& master, const VrrpStatus& all) {
  return {{"address", master.address.to_string()},
          {"priority", master.priority},
          {"interval_seconds", seconds(master.interval)},
          {"heard_at", at(master.heard, all)},
          {"heard_seconds_ago", seconds(all.now - master.heard)}};
}

Json rejected_peers_json(const VrrpInstanceView& instance) {
  Json all = Json::array();
  for (const vrrp::RejectedPeer& peer : instance.status.rejected_peers) {
    all.push_back({{"address", peer.source.to_string()},
                   {"reason", key_of(peer.why)},
                   {"count", peer.count},
                   {"last_seconds_ago", seconds(instance.all.now - peer.last)},
                   {"words", rejected_text(instance, peer)}});
  }
  return all;
}

Json conflicts_json(const VrrpInstanceView& instance) {
  Json all = Json::array();
  for (const VipConflict& conflict : instance.all.conflicts) {
    if (conflict.instance != instance.spec.name) continue;
    all.push_back({{"address", conflict.address.to_string()},
                   {"mac", conflict.mac.to_string()},
                   {"interface", conflict.interface},
                   {"real_server", conflict.real_server ? Json(conflict.real_server->to_string()) : Json{}},
                   {"count", conflict.count},
                   {"first_at", at(conflict.first, instance.all)},
                   {"last_at", at(conflict.last, instance.all)}});
  }
  return all;
}

Json virtual_mac_json(const vrrp::InstanceSpec& spec) {
  if (!spec.virtual_mac) return {};
  return {{"address", vrrp::virtual_mac(spec).to_string()},
          {"interface", spec.virtual_mac->interface},
          {"adverts_from_base", spec.virtual_mac->transmit_base}};
}

Json peers_json(const vrrp::InstanceSpec& spec) {
  Json all = Json::array();
  for (const vrrp::UnicastPeer& peer : spec.unicast_peers) all.push_back(peer.address.to_string());
  return all;
}

Json instance_json(const VrrpInstanceView& instance) {
  const auto& [spec, status, all] = instance;
  return {{"name", spec.name},
          {"interface", spec.interface},
          {"virtual_router_id", spec.virtual_router_id},
          {"version", spec.version},
          {"virtual_mac", virtual_mac_json(spec)},
          {"family", spec.family == packet::Family::kIpv4 ? "IPv4" : "IPv6"},
          {"state", to_string(status.state)},
          {"since_at", at(status.since, all)},
          {"seconds_in_state", seconds(all.now - status.since)},
          {"why", status.why},
          {"base_priority", status.base_priority},
          {"effective_priority", status.effective_priority},
          {"shares", shares_json(status.shares)},
          {"advert_interval_seconds", seconds(spec.advert_interval)},
          {"nopreempt", spec.nopreempt},
          {"has_password", !spec.auth_pass.empty()},
          {"source", status.source ? Json(status.source->to_string()) : Json{}},
          {"unicast_peers", peers_json(spec)},
          {"addresses", addresses_json(spec.addresses)},
          {"excluded_addresses", addresses_json(spec.excluded_addresses)},
          {"master", status.master ? master_json(*status.master, all) : Json{}},
          {"next_timer_in_seconds", status.next ? Json(seconds(*status.next - all.now)) : Json{}},
          {"counters", counters_json(status.counters)},
          {"rejected_peers", rejected_peers_json(instance)},
          {"conflicts", conflicts_json(instance)},
          {"conflicts_in_words", conflict_texts(instance)}};
}

Json sync_group_json(const vrrp::SyncGroupStatus& group, const VrrpStatus& all) {
  const auto spec = std::ranges::find(all.spec.sync_groups, group.name, &vrrp::SyncGroupSpec::name);
  return {{"name", group.name},
          {"state", to_string(group.state)},
          {"since_at", at(group.since, all)},
          {"instances", spec != all.spec.sync_groups.end() ? spec->instances : std::vector<std::string>{}}};
}

}  // namespace

Json vrrp_json(const VrrpStatus& status) {
  Json instances = Json::array();
  for (const VrrpInstanceView& instance : vrrp_instances(status)) instances.push_back(instance_json(instance));
  Json groups = Json::array();
  for (const vrrp::SyncGroupStatus& group : status.thread.sync_groups) groups.push_back(sync_group_json(group, status));
  return {{"instances", std::move(instances)},
          {"sync_groups", std::move(groups)},
          {"unreadable_frames", status.thread.strangers.unreadable},
          {"frames_not_accepted", status.not_accepted},
          {"frames_for_unknown_routers", status.thread.strangers.unknown_router},
          {"frames_lost", status.thread.frames_lost},
          {"frames_without_way", status.thread.frames_without_way},
          {"worst_timer_delay_seconds", seconds(status.thread.worst_delay)}};
}

}  // namespace penstock::control
