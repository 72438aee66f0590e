// VRRP: instances, sync groups and trackers, with everything that they resolve to.
#include <map>
#include <string>
#include <vector>

#include "config/command.h"
#include "config/print_parts.h"

namespace penstock::config {
namespace {

using vrrp::InstanceSpec;

std::string_view on_off(bool on) { return on ? "on" : "off"; }

std::string scope_word(std::uint8_t scope) {
  switch (scope) {
    case 0: return "global";
    case 200: return "site";
    case 253: return "link";
    case 254: return "host";
    default: return std::to_string(scope);
  }
}

void print_address(Printer& out, const vrrp::VirtualAddress& vip) {
  std::string line = fmt::format("{}/{} dev {}", vip.address.to_string(), vip.prefix_length, quoted_word(vip.interface));
  if (vip.broadcast) line += fmt::format(" brd {}", vip.broadcast->to_string());
  if (vip.scope) line += fmt::format(" scope {}", scope_word(*vip.scope));
  if (!vip.label.empty()) line += fmt::format(" label {}", quoted_word(vip.label));
  if (vip.no_track) line += " no_track";
  out.line("{}", line);
}

void print_addresses(Printer& out, std::string_view block, const std::vector<vrrp::VirtualAddress>& addresses) {
  if (addresses.empty()) return;
  out.open("{}", block);
  for (const vrrp::VirtualAddress& vip : addresses) print_address(out, vip);
  out.close();
}

void print_lines(Printer& out, std::string_view block, const std::vector<vrrp::TrackLine>& lines) {
  if (lines.empty()) return;
  out.open("{}", block);
  for (const vrrp::TrackLine& line : lines)
    out.line("{} weight {}{}", quoted_word(line.name), line.weight.value, line.weight.reverse ? " reverse" : "");
  out.close();
}

void print_tracking(Printer& out, const vrrp::Tracking& tracking) {
  print_lines(out, "track_interface", tracking.interfaces);
  print_lines(out, "track_script", tracking.scripts);
  print_lines(out, "track_process", tracking.processes);
  print_lines(out, "track_file", tracking.files);
}

void print_notify(Printer& out, const vrrp::NotifySpec& notify) {
  print_script(out, "notify_master", notify.master);
  print_script(out, "notify_backup", notify.backup);
  print_script(out, "notify_fault", notify.fault);
  print_script(out, "notify_stop", notify.stop);
  print_script(out, "notify_deleted", notify.deleted);
  if (notify.names_deletion && notify.deleted.empty()) out.line("notify_deleted");
  print_script(out, "notify", notify.any);
  print_script(out, "notify_master_rx_lower_pri", notify.master_receives_lower);
  out.line("smtp_alert {}", on_off(notify.mail));
  out.line("notify_priority_changes {}", on_off(notify.priority_changes));
}

class InstancePrinter {
 public:
  InstancePrinter(Printer& out, const InstanceSpec& instance) : out_{out}, instance_{instance} {}

  void run() {
    out_.open("vrrp_instance {}", quoted_word(instance_.name));
    print_election();
    print_network();
    print_answers();
    print_announcement();
    print_addresses(out_, "virtual_ipaddress", instance_.addresses);
    print_addresses(out_, "virtual_ipaddress_excluded", instance_.excluded_addresses);
    print_tracking(out_, instance_.tracking);
    print_notify(out_, instance_.notify);
    out_.close();
  }

 private:
  void print_election() {
    out_.line("state {}", instance_.initial_master ? "MASTER" : "BACKUP");
    out_.line("interface {}", quoted_word(instance_.interface));
    out_.line("virtual_router_id {}", instance_.virtual_router_id);
    out_.line("priority {}", instance_.priority);
    out_.line("version {}", instance_.version);
    out_.line("advert_int {}", seconds_text(instance_.advert_interval));
    out_.line("down_timer_adverts {}", instance_.down_timer_adverts);
    if (instance_.nopreempt) out_.line("nopreempt");
    out_.line("preempt_delay {}", seconds_text(instance_.preempt_delay));
    out_.line("strict_mode {}", on_off(instance_.strict));
    if (instance_.auth_pass.empty()) return;
    out_.open("authentication");
    out_.line("auth_type PASS");
    out_.line("auth_pass ********");
    out_.close();
  }

  void print_network() {
    if (!instance_.tracks_interface) out_.line("dont_track_primary");
    if (instance_.source)
      out_.line("{} {}", instance_.unicast_peers.empty() ? "mcast_src_ip" : "unicast_src_ip", instance_.source->to_string());
    if (instance_.track_source) out_.line("track_src_ip");
    if (instance_.destination) out_.line("mcast_dst_ip {}", instance_.destination->to_string());
    if (!instance_.unicast_peers.empty()) {
      out_.open("unicast_peer");
      for (const vrrp::UnicastPeer& peer : instance_.unicast_peers)
        out_.line("{} min_ttl {} max_ttl {}", peer.address.to_string(), peer.least_ttl, peer.most_ttl);
      out_.close();
    }
    out_.line("unicast_ttl {}", instance_.unicast_ttl);
    if (instance_.check_unicast_source) out_.line("check_unicast_src");
    if (instance_.fault_without_peer) out_.line("unicast_fault_no_peer");
    if (!instance_.virtual_mac) return;
    const vrrp::VirtualMacSpec& mac = *instance_.virtual_mac;
    out_.line("use_vmac{}{}", mac.interface.empty() ? "" : " name " + quoted_word(mac.interface),
              mac.address ? " " + mac.address->to_string() : "");
    if (mac.transmit_base) out_.line("vmac_xmit_base");
  }

  void print_answers() {
    out_.line("{}", instance_.accept ? "accept" : "no_accept");
    out_.line("lower_prio_no_advert {}", on_off(!instance_.answers_lower_priority));
    out_.line("higher_prio_send_advert {}", on_off(instance_.advert_before_yielding));
    out_.line("skip_check_adv_addr {}", on_off(instance_.skips_known_address_lists));
    out_.line("owner_ignore_adverts {}", on_off(instance_.owner_ignores_adverts));
    out_.line("v3_checksum_as_v2 {}", on_off(!instance_.pseudo_header));
  }

  void print_announcement() {
    const vrrp::AnnouncementSpec& announcement = instance_.announcement;
    out_.line("garp_master_delay {}", announcement.again_after.count() / 1'000'000);
    out_.line("garp_master_repeat {}", announcement.repeat);
    out_.line("garp_master_refresh {}", announcement.refresh.count() / 1'000'000);
    out_.line("garp_master_refresh_repeat {}", announcement.refresh_repeat);
    out_.line("garp_lower_prio_delay {}", announcement.lower_priority_again_after.count() / 1'000'000);
    out_.line("garp_lower_prio_repeat {}", announcement.lower_priority_repeat);
  }

  Printer& out_;
  const InstanceSpec& instance_;
};

void print_script_tracker(Printer& out, const vrrp::ScriptTracker& script) {
  out.open("vrrp_script {}", quoted_word(script.name));
  out.line("script {}", quoted_word(join_command(script.script.command)));
  if (!script.script.user.empty()) {
    const std::string group = script.script.group.empty() ? "" : " " + quoted_word(script.script.group);
    out.line("user {}{}", quoted_word(script.script.user), group);
  }
  out.line("interval {}", seconds_text(script.interval));
  out.line("timeout {}", seconds_text(script.timeout));
  out.line("rise {}", script.rise);
  out.line("fall {}", script.fall);
  if (script.starts_failed) out.line("init_fail");
  out.close();
}

void print_process_tracker(Printer& out, const vrrp::ProcessTracker& process) {
  using Match = vrrp::ProcessTracker::Arguments;
  out.open("vrrp_track_process {}", quoted_word(process.name));
  out.line("process {}", quoted_word(join_command(process.command)));
  if (process.arguments == Match::kInitial) out.line("param_match initial");
  const bool no_arguments = process.arguments == Match::kExact && process.command.size() < 2;
  if (process.arguments == Match::kPartial || no_arguments) out.line("param_match partial");
  if (process.full_command) out.line("full_command");
  if (process.quorum != 0) out.line("quorum {}", process.quorum);  // 0 comes with quorum_max 0
  if (process.most != vrrp::ProcessTracker{}.most) out.line("quorum_max {}", process.most);
  out.line("terminate_delay {}", seconds_text(process.terminate_delay));
  out.line("fork_delay {}", seconds_text(process.fork_delay));
  out.close();
}

// Each interface's own group: what global_defs and garp_group said is in the instances.
void print_gaps(Printer& out, const vrrp::RouterSpec& router) {
  std::map<std::string, vrrp::AnnouncementSpec> by_interface;
  for (const InstanceSpec& instance : router.instances) by_interface.emplace(instance.interface, instance.announcement);
  for (const auto& [interface, announcement] : by_interface) {
    if (announcement.arp_gap == vrrp::Duration{0} && announcement.neighbour_gap == vrrp::Duration{0}) continue;
    out.open("garp_group");
    out.line("garp_interval {}", seconds_text(announcement.arp_gap));
    out.line("gna_interval {}", seconds_text(announcement.neighbour_gap));
    out.line("interface {}", quoted_word(interface));
    out.close();
  }
}

void print_group(Printer& out, const vrrp::SyncGroupSpec& group) {
  out.open("vrrp_sync_group {}", quoted_word(group.name));
  out.open("group");
  for (const std::string& instance : group.instances) out.line("{}", quoted_word(instance));
  out.close();
  print_tracking(out, group.tracking);
  if (group.members_weights) out.line("sync_group_tracking_weight");
  print_notify(out, group.notify);
  out.close();
}

}  // namespace

void print_global_vrrp(Printer& out, const vrrp::RouterSpec& router) {
  out.line("vrrp_startup_delay {}", seconds_text(router.startup_delay));
  if (router.logs_unknown_routers) out.line("log_unknown_vrids");
  if (!router.mails_faults) out.line("no_email_faults");
  if (router.states_on_reload) out.line("fifo_write_vrrp_states_on_reload");
  if (router.notify_fifo.empty()) return;
  std::string owner;
  if (!router.notify_fifo_user.empty()) owner += " " + quoted_word(router.notify_fifo_user);
  if (!router.notify_fifo_group.empty()) owner += " " + quoted_word(router.notify_fifo_group);
  out.line("vrrp_notify_fifo {}{}", quoted_word(router.notify_fifo), owner);
  print_script(out, "vrrp_notify_fifo_script", router.notify_fifo_script);
}

void print_vrrp(Printer& out, const vrrp::RouterSpec& router) {
  print_gaps(out, router);
  for (const vrrp::ScriptTracker& script : router.scripts) print_script_tracker(out, script);
  for (const vrrp::ProcessTracker& process : router.processes) print_process_tracker(out, process);
  for (const vrrp::SyncGroupSpec& group : router.sync_groups) print_group(out, group);
  for (const InstanceSpec& instance : router.instances) InstancePrinter{out, instance}.run();
}

}  // namespace penstock::config
