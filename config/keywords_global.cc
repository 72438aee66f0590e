// Words outside any block, and those of global_defs.
#include <array>

#include "config/keyword_tables.h"

namespace penstock::config {
namespace {

using enum Effect;

constexpr std::string_view kScheduling = "Penstock's threads are placed with --workers and --eal";
constexpr std::string_view kOneProcess = "there is one process";
constexpr std::string_view kFirewall = "no packet filter is touched";
constexpr std::string_view kBuffers = "these buffers are not configurable";
constexpr std::string_view kDbus = "there is no D-Bus service";
constexpr std::string_view kDumps = "state is read with the penstock command";
constexpr std::string_view kStartStop = "no script is run at start or stop";
constexpr std::string_view kScriptsByPath = "a script is run by the path that stands in the file";
constexpr std::string_view kGroups = "a script has the groups of its user";
constexpr std::string_view kReload = "a file is always checked as a whole before it replaces the running one";
constexpr std::string_view kTimesOut = "the connection table lives and ends with penstockd";

constexpr Block kEmailBlock{"notification_email", Block::Content::kLines};

constexpr std::array kGlobalWords = std::to_array<Keyword>({
    {"router_id", kWorks, one(any())},
    {"vrrp_version", kWorks, one(integer(2, 3))},
    {"lvs_timeouts", kWorks, {{any()}, 1, 1, true}},
    {"lvs_sync_daemon", kWorks, {{interface_name(), any()}, 1, 2, true}},

    {"notification_email", kWorks, none(), {}, &kEmailBlock},
    {"notification_email_from", kWorks, some(any())},
    {"smtp_server", kWorks, one_maybe(any("a host"), port())},
    {"smtp_connect_timeout", kWorks, one(decimal(0.001, kSeconds))},
    {"smtp_helo_name", kWorks, one(any())},
    {"smtp_alert", kWorks, maybe(boolean())},
    {"smtp_alert_vrrp", kWorks, maybe(boolean())},
    {"smtp_alert_checker", kWorks, maybe(boolean())},
    {"no_email_faults", kWorks, none()},
    {"no_checker_emails", kWorks, none()},

    {"checker_log_all_failures", kWorks, maybe(boolean())},
    {"rs_init_notifies", kWorks, none()},
    {"lvs_notify_fifo", kWorks, script()},
    {"lvs_notify_fifo_script", kWorks, script()},
    {"notify_fifo", kWorks, script()},
    {"notify_fifo_script", kWorks, script()},
    {"script_user", kWorks, one_maybe(any("a user"), any("a group"))},
    {"enable_script_security", kWorks, none()},

    {"vrrp_mcast_group4", kWorks, one(address())},
    {"vrrp_mcast_group6", kWorks, one(address())},
    {"vrrp_garp_master_delay", kWorks, one(integer(0, kSeconds))},
    {"vrrp_garp_master_repeat", kWorks, one(integer(0, kInt))},
    {"vrrp_garp_master_refresh", kWorks, one(integer(0, kSeconds))},
    {"vrrp_garp_master_refresh_repeat", kWorks, one(integer(0, kInt))},
    {"vrrp_garp_lower_prio_delay", kWorks, one(integer(0, kSeconds))},
    {"vrrp_garp_lower_prio_repeat", kWorks, one(integer(0, kInt))},
    {"vrrp_garp_interval", kWorks, one(decimal(0, kSeconds))},
    {"vrrp_gna_interval", kWorks, one(decimal(0, kSeconds))},
    {"vrrp_min_garp", kWorks, maybe(boolean())},
    {"vrrp_down_timer_adverts", kWorks, one(integer(1, 100))},
    {"vrrp_lower_prio_no_advert", kWorks, maybe(boolean())},
    {"vrrp_higher_prio_send_advert", kWorks, maybe(boolean())},
    {"vrrp_check_unicast_src", kWorks, none()},
    {"vrrp_skip_check_adv_addr", kWorks, maybe(boolean())},
    {"vrrp_strict", kWorks, maybe(boolean())},
    {"vrrp_startup_delay", kWorks, one(decimal(0, kSeconds))},
    {"vrrp_delay_after_boot", kNothing, one(decimal(0, kSeconds)), "vrrp_startup_delay counts from each start"},
    {"vrrp_owner_ignore_adverts", kWorks, maybe(boolean())},
    {"v3_checksum_as_v2", kWorks, maybe(boolean())},
    {"log_unknown_vrids", kWorks, none()},
    {"vrrp_notify_priority_changes", kWorks, maybe(boolean())},
    {"fifo_write_vrrp_states_on_reload", kWorks, none()},
    {"vrrp_notify_fifo", kWorks, script()},
    {"vrrp_notify_fifo_script", kWorks, script()},

    {"vrrp_garp_extra_if", kNothing, anything(), "gratuitous ARP goes out where the address is"},
    {"vrrp_vmac_garp_intvl", kNothing, anything(), "gratuitous ARP goes out where the address is"},
    {"process_names", kNothing, none(), kOneProcess},
    {"process_name", kNothing, one(any()), kOneProcess},
    {"vrrp_process_name", kNothing, one(any()), kOneProcess},
    {"checker_process_name", kNothing, one(any()), kOneProcess},
    {"lvs_process_name", kNothing, one(any()), kOneProcess},
    {"bfd_process_name", kNothing, one(any()), kOneProcess},
    {"use_symlink_paths", kNothing, maybe(boolean()), kScriptsByPath},
    {"startup_script", kNothing, script(), kStartStop},
    {"startup_script_timeout", kNothing, one(integer(1, 1000)), kStartStop},
    {"shutdown_script", kNothing, script(), kStartStop},
    {"shutdown_script_timeout", kNothing, one(integer(1, 1000)), kStartStop},
    {"dynamic_interfaces", kNothing, maybe(choice("allow_if_changes")), "interfaces are the ports given with --port"},
    {"default_interface", kNothing, one(interface_name()), kHostRouting},
    {"disable_local_igmp", kNothing, none(), "group membership is kept by the port's TAP"},
    {"lvs_flush", kNothing, none(), kTimesOut},
    {"lvs_flush_on_stop", kNothing, maybe(choice("VS")), kTimesOut},
    {"lvs_flush_onstop", kNothing, maybe(choice("VS")), kTimesOut},
    {"max_auto_priority", kNothing, maybe(integer(-1, 99)), kScheduling},
    {"min_auto_priority_delay", kNothing, one(integer(0, kInt)), kScheduling},
    {"vrrp_priority", kNothing, one(integer(-20, 19)), kScheduling},
    {"checker_priority", kNothing, one(integer(-20, 19)), kScheduling},
    {"bfd_priority", kNothing, one(integer(-20, 19)), kScheduling},
    {"vrrp_no_swap", kNothing, none(), kScheduling},
    {"checker_no_swap", kNothing, none(), kScheduling},
    {"bfd_no_swap", kNothing, none(), kScheduling},
    {"vrrp_rt_priority", kNothing, one(integer(1, 99)), kScheduling},
    {"checker_rt_priority", kNothing, one(integer(1, 99)), kScheduling},
    {"bfd_rt_priority", kNothing, one(integer(1, 99)), kScheduling},
    {"vrrp_cpu_affinity", kNothing, some(integer(0, 65535)), kScheduling},
    {"checker_cpu_affinity", kNothing, some(integer(0, 65535)), kScheduling},
    {"bfd_cpu_affinity", kNothing, some(integer(0, 65535)), kScheduling},
    {"vrrp_rlimit_rttime", kNothing, one(integer(1, kInt)), kScheduling},
    {"checker_rlimit_rttime", kNothing, one(integer(1, kInt)), kScheduling},
    {"bfd_rlimit_rttime", kNothing, one(integer(1, kInt)), kScheduling},
    {"vrrp_rlimit_rtime", kNothing, one(integer(1, kInt)), kScheduling},
    {"checker_rlimit_rtime", kNothing, one(integer(1, kInt)), kScheduling},
    {"bfd_rlimit_rtime", kNothing, one(integer(1, kInt)), kScheduling},
    {"reload_check_config", kNothing, maybe(any()), kReload},
    {"reload_time_file", kNothing, one(any()), "a reload is asked for with SIGHUP"},
    {"reload_repeat", kNothing, none(), "a reload is asked for with SIGHUP"},
    {"reload_file", kNothing, maybe(any()), "a reload is asked for with SIGHUP"},
    {"include_check", kNothing, anything(), "each include says by its own name what must be there (includea)"},
    {"config_save_dir", kNothing, one(any()), kDumps},
    {"tmp_config_directory", kNothing, one(any()), "a file is read once"},
    {"data_use_instance", kNothing, maybe(boolean()), kDumps},
    {"state_dump_file", kNothing, one(any()), kDumps},
    {"stats_dump_file", kNothing, one(any()), kDumps},
    {"json_dump_file", kNothing, one(any()), kDumps},
    {"json_version", kNothing, one(integer(1, 2)), kDumps},
    {"random_seed", kNothing, one(integer(0, 4'294'967'295)), "nothing here is random"},
    {"umask", kNothing, some(any()), "files are made for root alone"},
    {"snmp_socket", kNothing, one(any()), kNoSnmp},
    {"enable_traps", kNothing, none(), kNoSnmp},
    {"enable_snmp_vrrp", kNothing, none(), kNoSnmp},
    {"enable_snmp_keepalived", kNothing, none(), kNoSnmp},
    {"enable_snmp_checker", kNothing, none(), kNoSnmp},
    {"enable_snmp_rfc", kNothing, none(), kNoSnmp},
    {"enable_snmp_rfcv2", kNothing, none(), kNoSnmp},
    {"enable_snmp_rfcv3", kNothing, none(), kNoSnmp},
    {"snmp_vs_stats_update_interval", kNothing, one(decimal(0, kSeconds)), kNoSnmp},
    {"snmp_rs_stats_update_interval", kNothing, one(decimal(0, kSeconds)), kNoSnmp},
    {"enable_dbus", kNothing, none(), kDbus},
    {"dbus_service_name", kNothing, one(any()), kDbus},
    {"dbus_no_interface_name", kNothing, none(), kDbus},
    {"vrrp_netlink_cmd_rcv_bufs", kNothing, one(integer(0, kInt)), kBuffers},
    {"vrrp_netlink_cmd_rcv_bufs_force", kNothing, maybe(boolean()), kBuffers},
    {"vrrp_netlink_monitor_rcv_bufs", kNothing, one(integer(0, kInt)), kBuffers},
    {"vrrp_netlink_monitor_rcv_bufs_force", kNothing, maybe(boolean()), kBuffers},
    {"lvs_netlink_cmd_rcv_bufs", kNothing, one(integer(0, kInt)), kBuffers},
    {"lvs_netlink_cmd_rcv_bufs_force", kNothing, maybe(boolean()), kBuffers},
    {"lvs_netlink_monitor_rcv_bufs", kNothing, one(integer(0, kInt)), kBuffers},
    {"lvs_netlink_monitor_rcv_bufs_force", kNothing, maybe(boolean()), kBuffers},
    {"process_monitor_rcv_bufs", kNothing, one(integer(0, kInt)), kBuffers},
    {"process_monitor_rcv_bufs_force", kNothing, maybe(boolean()), kBuffers},
    {"vrrp_rx_bufs_policy", kNothing, some(any()), kBuffers},
    {"vrrp_rx_bufs_multiplier", kNothing, one(integer(1, kInt)), kBuffers},
    {"vrrp_iptables", kNothing, anything(), kFirewall},
    {"vrrp_ipsets", kNothing, anything(), kFirewall},
    {"nftables", kNothing, maybe(any()), kFirewall},
    {"nftables_priority", kNothing, one(integer(-kInt, kInt)), kFirewall},
    {"nftables_ifindex", kNothing, none(), kFirewall},
    {"nftables_counters", kNothing, none(), kFirewall},
    {"nftables_ipvs", kNothing, maybe(any()), kFirewall},
    {"nftables_ipvs_priority", kNothing, one(integer(-kInt, kInt)), kFirewall},
    {"nftables_ipvs_start_fwmark", kNothing, one(integer(1, 4'294'967'295)), kFirewall},
    {"vmac_prefix", kNothing, one(any()), "a macvlan has the name that use_vmac gives it"},
    {"vmac_addr_prefix", kNothing, one(any()), "a macvlan has the name that use_vmac gives it"},
    {"iproute_usr_dir", kNothing, one(any()), kHostRouting},
    {"iproute_etc_dir", kNothing, one(any()), kHostRouting},
    {"set_supplementary_groups", kNothing, anything(), kGroups},
});

constexpr Block kGlobalBlock{"global_defs", Block::Content::kStatements, kGlobalWords};
constexpr Block kBeatBlock{"linkbeat_interfaces", Block::Content::kLines};
constexpr Block kDelayBlock{"interface_up_down_delays", Block::Content::kLines};
constexpr Block kTrackMembers{"group", Block::Content::kWords};
constexpr std::array kTrackGroupWords = std::to_array<Keyword>({{"group", kWorks, none(), {}, &kTrackMembers}});
constexpr Block kTrackGroupBlock{"track_group", Block::Content::kStatements, kTrackGroupWords};
constexpr Block kStaticBlock{"static_ipaddress", Block::Content::kLines};
constexpr Block kRoutesBlock{"static_routes", Block::Content::kLines};
constexpr Block kRulesBlock{"static_rules", Block::Content::kLines};
constexpr Block kServerGroupBlock{"virtual_server_group", Block::Content::kLines};

constexpr std::string_view kOtherNamespace = "which network the file applies to (start penstockd within the namespace instead)";

}  // namespace

const Block& global_defs_block() { return kGlobalBlock; }

const Block& root_block() {
  static const std::array words = std::to_array<Keyword>({
      {"global_defs", kWorks, none(), {}, &global_defs_block()},
      {"vrrp_instance", kWorks, one(any("a name")), {}, &vrrp_instance_block()},
      {"vrrp_sync_group", kWorks, one(any("a name")), {}, &vrrp_sync_group_block()},
      {"virtual_server", kWorks, {{any("an address"), any("a port")}, 1, 2, false}, {}, &virtual_server_block()},
      {"virtual_server_group", kRefused, one(any()), "which addresses are served", &kServerGroupBlock},
      {"vrrp_script", kWorks, one(any("a name")), {}, &vrrp_script_block()},
      {"vrrp_track_process", kWorks, one(any("a name")), {}, &vrrp_track_process_block()},
      {"track_file", kWorks, one(any("a name")), {}, &track_file_block()},
      {"vrrp_track_file", kWorks, one(any("a name")), {}, &track_file_block()},
      {"bfd_instance", kRefused, one(any("a name")), "when an instance is in FAULT (BFD is not spoken)", &bfd_instance_block()},
      {"garp_group", kWorks, none(), {}, &garp_group_block()},
      {"interface_up_down_delays", kNothing, none(), "a change of a link counts at once", &kDelayBlock},
      {"SSL", kWorks, none(), {}, &ssl_block()},
      {"net_namespace", kRefused, one(any()), kOtherNamespace},
      {"net_namespace_ipvs", kNothing, one(any()), "no kernel table is used"},
      {"namespace_with_ipsets", kNothing, none(), kFirewall},
      {"instance", kNothing, one(any()), "the file for the process id is named with -p"},
      {"use_pid_dir", kNothing, none(), "the file for the process id is named with -p"},
      {"linkbeat_use_polling", kNothing, none(), "the state of a link is told by the kernel"},
      {"linkbeat_interfaces", kNothing, none(), "the state of a link is told by the kernel", &kBeatBlock},
      {"child_wait_time", kNothing, one(decimal(0, kSeconds)), kOneProcess},
      {"track_group", kNothing, one(any()), kHostRouting, &kTrackGroupBlock},
      {"static_ipaddress", kNothing, none(), "an address is put on a port with --address", &kStaticBlock},
      {"static_routes", kNothing, none(), "a route is added with --route or by the host", &kRoutesBlock},
      {"static_rules", kNothing, none(), kHostRouting, &kRulesBlock},
  });
  static const Block block{"the top level", Block::Content::kStatements, words};
  return block;
}

}  // namespace penstock::config
