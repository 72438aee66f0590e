#include "control/cli/keepalived_dump.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <iterator>
#include <string_view>

#include "control/cli/keepalived_words.h"
#include "vrrp/timers.h"

namespace penstock::control {
namespace {

using namespace keepalived;

template <typename... Args>
void line(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
  out += '\n';
}

// "1795619172.166657 (Wed Nov 25 15:06:12.166657 2026)", in the host's time zone.
std::string time_text(vrrp::TimePoint time, const VrrpStatus& all) {
  const std::int64_t microseconds = wall_clock_microseconds(time, all);
  const std::time_t seconds = microseconds / 1'000'000;
  std::tm parts{};
  char before[32] = "";
  char year[8] = "";
  if (localtime_r(&seconds, &parts) != nullptr) {
    std::strftime(before, sizeof(before), "%a %b %e %H:%M:%S", &parts);
    std::strftime(year, sizeof(year), "%Y", &parts);
  }
  const std::int64_t fraction = microseconds % 1'000'000;
  return fmt::format("{}.{:06} ({}.{:06} {})", seconds, fraction, before, fraction, year);
}

std::string_view on_off(bool value) { return value ? "enabled" : "disabled"; }

void append_state(std::string& out, const VrrpInstanceView& instance) {
  const auto& [spec, status, all] = instance;
  line(out, " VRRP Instance = {}", spec.name);
  line(out, "   VRRP Version = {}", spec.version);
  for (const vrrp::SyncGroupSpec& group : all.spec.sync_groups) {
    if (std::ranges::find(group.instances, spec.name) != group.instances.end()) line(out, "   Sync group = {}", group.name);
  }
  if (spec.family == packet::Family::kIpv6) line(out, "   Using Native IPv6");
  const bool is_init = status.state == vrrp::State::kInit;
  line(out, "   State = {}", to_string(status.state));
  if (status.state == vrrp::State::kBackup) {
    line(out, "   Master router = {}", status.master ? status.master->address.to_string() : "0.0.0.0");
    line(out, "   Master priority = {}", master_priority(status));
  }
  line(out, "   Wantstate = {}", is_init ? (spec.initial_master ? "MASTER" : "BACKUP") : to_string(status.state));
  line(out, "   Number of config faults = 0");
  line(out, "   Number of interface and track script faults = {}", status.state == vrrp::State::kFault ? 1 : 0);
  line(out, "   Number of track scripts init = {}", is_init ? 1 : 0);
  line(out, "   Last transition = {}", time_text(status.since, all));
  line(out, "   Read timeout = {}", status.next ? time_text(*status.next, all) : "DISABLED");
  const bool follows = status.state == vrrp::State::kBackup && spec.version == 3 && status.master;
  const auto down =
      vrrp::master_down_interval(spec.version, status.effective_priority,
                                 follows ? status.master->interval : spec.advert_interval, spec.down_timer_adverts);
  line(out, "   Master down timer = {} usecs", std::chrono::duration_cast<std::chrono::microseconds>(down).count());
  if (!spec.virtual_mac) {
    line(out, "   Interface = {}", spec.interface);
    return;
  }
  const auto& [address, interface, transmit_base] = *spec.virtual_mac;
  line(out, "   Use VMAC, i/f name {}, is_up = true, xmit_base = {}", interface, transmit_base);
  line(out, "   Interface = {}, vmac on {}{}", interface, spec.interface, transmit_base ? ", xmit base i/f" : "");
}

void append_network(std::string& out, const VrrpInstanceView& instance) {
  const auto& [spec, status, all] = instance;
  if (!spec.tracks_interface) line(out, "   VRRP interface tracking disabled");
  if (spec.skips_known_address_lists) line(out, "   Skip checking advert IP addresses");
  if (spec.strict) line(out, "   Enforcing strict VRRP compliance");
  line(out, "   Using src_ip = {}", status.source ? status.source->to_string() : "(none)");
  if (spec.unicast_peers.empty()) {
    const bool is_v4 = spec.family == packet::Family::kIpv4;
    line(out, "   Multicast address {}", spec.destination ? spec.destination->to_string() : is_v4 ? "224.0.0.18" : "ff02::12");
  } else {
    line(out, "   Unicast Peers :");
    for (const vrrp::UnicastPeer& peer : spec.unicast_peers) line(out, "     {}", peer.address.to_string());
  }
}

void append_settings(std::string& out, const VrrpInstanceView& instance) {
  const auto& [spec, status, all] = instance;
  const vrrp::AnnouncementSpec& announcement = spec.announcement;
  line(out, "   Gratuitous ARP delay = {}", whole_seconds(announcement.again_after));
  line(out, "   Gratuitous ARP repeat = {}", announcement.repeat);
  line(out, "   Gratuitous ARP refresh = {}", whole_seconds(announcement.refresh));
  line(out, "   Gratuitous ARP refresh repeat = {}", announcement.refresh_repeat);
  line(out, "   Gratuitous ARP lower priority delay = {}", whole_seconds(announcement.lower_priority_again_after));
  line(out, "   Gratuitous ARP lower priority repeat = {}", announcement.lower_priority_repeat);
  line(out, "   Down timer adverts = {}", spec.down_timer_adverts);
  line(out, "   Send advert after receive lower priority advert = {}", spec.answers_lower_priority);
  line(out, "   Send advert after receive higher priority advert = {}", spec.advert_before_yielding);
  line(out, "   Virtual Router ID = {}", spec.virtual_router_id);
  line(out, "   Priority = {}", status.base_priority);
  line(out, "   Effective priority = {}", status.effective_priority);
  line(out, "   Total priority = {}", status.effective_priority);
  if (spec.version == 2) {
    line(out, "   Advert interval = {} sec", whole_seconds(spec.advert_interval));
  } else {
    line(out, "   Advert interval = {} milli-sec", spec.advert_interval.count() / 1000);
  }
  line(out, "   Accept = {}", on_off(spec.accept));
  line(out, "   Preempt = {}", on_off(!spec.nopreempt));
  if (spec.preempt_delay.count() != 0) line(out, "   Preempt delay = {} secs", whole_seconds(spec.preempt_delay));
  line(out, "   Promote_secondaries = disabled");
  if (spec.version != 2) return;
  line(out, "   Authentication type = {}", spec.auth_pass.empty() ? "none" : "SIMPLE_PASSWORD");
  if (!spec.auth_pass.empty()) line(out, "   Password = {}", kHiddenSecret);
}

void append_addresses(std::string& out, const VrrpInstanceView& instance) {
  const auto& [spec, status, all] = instance;
  const bool is_set = status.state == vrrp::State::kMaster;
  line(out, "   Virtual IP ({}):", spec.addresses.size());
  for (const vrrp::VirtualAddress& vip : spec.addresses) line(out, "     {}", address_text(spec, vip, is_set));
  if (!spec.excluded_addresses.empty()) line(out, "   Virtual IP Excluded :");
  for (const vrrp::VirtualAddress& vip : spec.excluded_addresses) line(out, "     {}", address_text(spec, vip, is_set));
}

void append_tracked(std::string& out, std::string_view what, std::string_view comma, std::span<const vrrp::TrackLine> lines) {
  if (!lines.empty()) line(out, "   Tracked {} :", what);
  for (const vrrp::TrackLine& each : lines) {
    line(out, "     {}{} weight {}{}", each.name, comma, each.weight.value, each.weight.reverse ? " reverse" : "");
  }
}

void append_scripts(std::string& out, const vrrp::NotifySpec& notify) {
  const auto add = [&](std::string_view what, const notify::Script& script) {
    if (!script.empty()) line(out, "   {} state transition script = {}", what, script_text(script));
  };
  add("Backup", notify.backup);
  add("Master", notify.master);
  add("Fault", notify.fault);
  add("Stop", notify.stop);
  add("Deleted", notify.deleted);
  add("Generic", notify.any);
  add("Master rx lower pri", notify.master_receives_lower);
}

void append_instance_dump(std::string& out, const VrrpInstanceView& instance) {
  const vrrp::InstanceSpec& spec = instance.spec;
  append_state(out, instance);
  append_network(out, instance);
  append_settings(out, instance);
  append_addresses(out, instance);
  append_tracked(out, "interfaces", "", spec.tracking.interfaces);
  append_tracked(out, "scripts", "", spec.tracking.scripts);
  append_tracked(out, "processes", ",", spec.tracking.processes);
  append_tracked(out, "files", ",", spec.tracking.files);
  line(out, "   Using smtp notification = {}", spec.notify.mail ? "yes" : "no");
  line(out, "   Notify deleted = {}", spec.notify.names_deletion ? "Deleted" : "Fault");
  append_scripts(out, spec.notify);
  line(out, "   Notify priority changes = {}", spec.notify.priority_changes);
}

void append_group(std::string& out, const vrrp::SyncGroupSpec& group, const VrrpStatus& status) {
  const auto found = std::ranges::find(status.thread.sync_groups, group.name, &vrrp::SyncGroupStatus::name);
  const auto members_in = [&](vrrp::State state) {
    return std::ranges::count_if(status.thread.instances, [&](const vrrp::InstanceStatus& instance) {
      return instance.state == state && std::ranges::find(group.instances, instance.name) != group.instances.end();
    });
  };
  const vrrp::State state = found != status.thread.sync_groups.end() ? found->state : vrrp::State::kInit;
  line(out, " VRRP Sync Group = {}, {}", group.name, to_string(state));
  line(out, "   Num member fault {}, num member init {}", members_in(vrrp::State::kFault), members_in(vrrp::State::kInit));
  line(out, "   VRRP member instances :");
  for (const std::string& member : group.instances) line(out, "     {}", member);
  line(out, "   Using smtp notification = {}", group.notify.mail ? "yes" : "no");
  append_scripts(out, group.notify);
}

void append_statistics(std::string& out, std::string_view name, const Statistics& counters) {
  line(out, "VRRP Instance: {}", name);
  line(out, "  Advertisements:");
  line(out, "    Received: {}", counters.advert_rcvd);
  line(out, "    Sent: {}", counters.advert_sent);
  line(out, "  Became master: {}", counters.become_master);
  line(out, "  Released master: {}", counters.release_master);
  line(out, "  Packet Errors:");
  line(out, "    Length: {}", counters.packet_len_err);
  line(out, "    TTL: {}", counters.ip_ttl_err);
  line(out, "    Invalid Type: {}", counters.invalid_type_rcvd);
  line(out, "    Advertisement Interval: {}", counters.advert_interval_err);
  line(out, "    Address List: {}", counters.addr_list_err);
  line(out, "  Authentication Errors:");
  line(out, "    Invalid Type: {}", counters.invalid_authtype);
  line(out, "    Type Mismatch: {}", counters.authtype_mismatch);
  line(out, "    Failure: {}", counters.auth_failure);
  line(out, "  Priority Zero:");
  line(out, "    Received: {}", counters.pri_zero_rcvd);
  line(out, "    Sent: {}", counters.pri_zero_sent);
}

}  // namespace

std::string keepalived_data(const VrrpStatus& status) {
  std::string out = "------< VRRP Topology >------\n";
  for (const VrrpInstanceView& instance : vrrp_instances(status)) append_instance_dump(out, instance);
  if (!status.spec.sync_groups.empty()) line(out, "------< VRRP Sync groups >------");
  for (const vrrp::SyncGroupSpec& group : status.spec.sync_groups) append_group(out, group, status);
  return out;
}

std::string keepalived_statistics(const VrrpStatus& status) {
  std::string out;
  for (const auto& [spec, instance, all] : vrrp_instances(status)) {
    append_statistics(out, spec.name, statistics_of(instance.counters));
  }
  return out;
}

}  // namespace penstock::control
