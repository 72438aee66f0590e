#include "control/cli/keepalived_json.h"

#include <utility>

#include "control/cli/keepalived_words.h"

namespace penstock::control {
namespace {

using namespace keepalived;

// A whole number where it is one, as keepalived's "%g" prints it.
Json seconds_json(vrrp::Duration duration) {
  if (duration.count() % 1'000'000 == 0) return duration.count() / 1'000'000;
  return std::chrono::duration<double>(duration).count();
}

void add_election(Json& data, const VrrpInstanceView& instance) {
  const auto& [spec, status, all] = instance;
  const bool is_backup = status.state == vrrp::State::kBackup;
  const bool follows = spec.version == 3 && is_backup && status.master;
  data["vrid"] = spec.virtual_router_id;
  data["base_priority"] = status.base_priority;
  data["effective_priority"] = status.effective_priority;
  data["vipset"] = status.state == vrrp::State::kMaster;
  data["promote_secondaries"] = false;
  data["adver_int"] = seconds_json(spec.advert_interval);
  data["master_adver_int"] = seconds_json(follows ? status.master->interval : spec.advert_interval);
  data["accept"] = spec.accept ? 1 : 0;
  data["nopreempt"] = spec.nopreempt;
  data["preempt_delay"] = whole_seconds(spec.preempt_delay);
  data["state"] = state_number(status.state);
  data["wantstate"] = status.state == vrrp::State::kInit ? (spec.initial_master ? 2U : 1U) : state_number(status.state);
  data["version"] = spec.version;
  data["smtp_alert"] = spec.notify.mail;
  data["notify_deleted"] = spec.notify.names_deletion;
}

void add_scripts(Json& data, const vrrp::NotifySpec& notify) {
  const auto add = [&](const char* key, const notify::Script& script) {
    if (!script.empty()) data[key] = script_text(script);
  };
  add("script_backup", notify.backup);
  add("script_master", notify.master);
  add("script_fault", notify.fault);
  add("script_stop", notify.stop);
  add("script_deleted", notify.deleted);
  add("script", notify.any);
  add("script_master_rx_lower_pri", notify.master_receives_lower);
}

void add_lists(Json& data, const VrrpInstanceView& instance) {
  const auto& [spec, status, all] = instance;
  const bool is_set = status.state == vrrp::State::kMaster;
  for (const vrrp::VirtualAddress& vip : spec.addresses) data["vips"].push_back(address_text(spec, vip, is_set));
  for (const vrrp::VirtualAddress& vip : spec.excluded_addresses) data["evips"].push_back(address_text(spec, vip, is_set));
  for (const vrrp::TrackLine& line : spec.tracking.interfaces) data["track_ifp"].push_back(line.name);
  for (const vrrp::TrackLine& line : spec.tracking.scripts) {
    for (const vrrp::ScriptTracker& tracker : all.spec.scripts) {
      if (tracker.name == line.name) data["track_script"].push_back(script_text(tracker.script));
    }
  }
}

Json data_json(const VrrpInstanceView& instance) {
  const auto& [spec, status, all] = instance;
  const vrrp::AnnouncementSpec& announcement = spec.announcement;
  Json data = {
      {"iname", spec.name},
      {"dont_track_primary", spec.tracks_interface ? 0 : 1},
      {"skip_check_adv_addr", spec.skips_known_address_lists ? 1 : 0},
      {"strict_mode", spec.strict ? 1 : 0},
      {"vmac_ifname", spec.virtual_mac ? spec.virtual_mac->interface : ""},
      {"ifp_ifname", spec.virtual_mac ? spec.virtual_mac->interface : spec.interface},
      {"master_priority", master_priority(status)},
      {"last_transition", static_cast<double>(wall_clock_microseconds(status.since, all)) / 1e6},
      {"garp_delay", seconds_json(announcement.again_after)},
      {"garp_refresh", whole_seconds(announcement.refresh)},
      {"garp_rep", announcement.repeat},
      {"garp_refresh_rep", announcement.refresh_repeat},
      {"garp_lower_prio_delay", whole_seconds(announcement.lower_priority_again_after)},
      {"garp_lower_prio_rep", announcement.lower_priority_repeat},
      {"lower_prio_no_advert", spec.answers_lower_priority ? 0 : 1},
      {"higher_prio_send_advert", spec.advert_before_yielding ? 1 : 0},
  };
  add_election(data, instance);
  add_scripts(data, spec.notify);
  add_lists(data, instance);
  data["auth_type"] = spec.auth_pass.empty() ? 0 : 1;
  if (!spec.auth_pass.empty()) data["auth_data"] = kHiddenSecret;
  return data;
}

Json statistics_json(const Statistics& statistics) {
  return {{"advert_rcvd", statistics.advert_rcvd},
          {"advert_sent", statistics.advert_sent},
          {"become_master", statistics.become_master},
          {"release_master", statistics.release_master},
          {"packet_len_err", statistics.packet_len_err},
          {"advert_interval_err", statistics.advert_interval_err},
          {"ip_ttl_err", statistics.ip_ttl_err},
          {"invalid_type_rcvd", statistics.invalid_type_rcvd},
          {"addr_list_err", statistics.addr_list_err},
          {"invalid_authtype", statistics.invalid_authtype},
          {"authtype_mismatch", statistics.authtype_mismatch},
          {"auth_failure", statistics.auth_failure},
          {"pri_zero_rcvd", statistics.pri_zero_rcvd},
          {"pri_zero_sent", statistics.pri_zero_sent}};
}

}  // namespace

Json keepalived_json(const VrrpStatus& status) {
  Json all = Json::array();
  for (const VrrpInstanceView& instance : vrrp_instances(status)) {
    all.push_back({{"data", data_json(instance)}, {"stats", statistics_json(statistics_of(instance.status.counters))}});
  }
  return all;
}

std::string keepalived_json_text(const VrrpStatus& status) {
  return keepalived_json(status).dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace penstock::control
