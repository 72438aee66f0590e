// Words of vrrp_instance, vrrp_sync_group, the trackers and garp_group.
#include <array>

#include "config/keyword_tables.h"

namespace penstock::config {
namespace {

using enum Effect;

constexpr std::string_view kFaults = "when an instance is in FAULT (BFD is not spoken)";
constexpr std::string_view kStalls = "after a stall a router always listens first";

constexpr Block kAddresses{"virtual_ipaddress", Block::Content::kLines};
constexpr Block kExcluded{"virtual_ipaddress_excluded", Block::Content::kLines};
constexpr Block kRoutes{"virtual_routes", Block::Content::kLines};
constexpr Block kRules{"virtual_rules", Block::Content::kLines};
constexpr Block kPeers{"unicast_peer", Block::Content::kLines};
constexpr Block kTrackInterface{"track_interface", Block::Content::kLines};
constexpr Block kTrackScript{"track_script", Block::Content::kLines};
constexpr Block kTrackProcess{"track_process", Block::Content::kLines};
constexpr Block kTrackFile{"track_file", Block::Content::kLines};
constexpr Block kTrackBfd{"track_bfd", Block::Content::kLines};

constexpr std::array kAuthenticationWords = std::to_array<Keyword>({
    {"auth_type", kWorks, one(any())},
    {"auth_pass", kWorks, one(any())},
});
constexpr Block kAuthentication{"authentication", Block::Content::kStatements, kAuthenticationWords};

constexpr std::array kHmacWords = std::to_array<Keyword>({
    {"active_key", kWorks, some(any())},
    {"mode", kWorks, one(choice("receive-only|permissive|enforce"))},
    {"time_window", kWorks, some(any())},
    {"anti_replay", kWorks, anything()},
});
constexpr Block kHmac{"auth_hmac", Block::Content::kStatements, kHmacWords};

constexpr std::array kInstanceWords = std::to_array<Keyword>({
    {"state", kWorks, one(any())},
    {"interface", kWorks, one(interface_name())},
    {"virtual_router_id", kWorks, one(integer(1, 255))},
    {"priority", kWorks, one(integer(1, 255))},
    {"advert_int", kWorks, one(decimal(0.01, 255))},
    {"version", kWorks, one(integer(2, 3))},
    {"authentication", kWorks, none(), {}, &kAuthentication},
    {"virtual_ipaddress", kWorks, none(), {}, &kAddresses},
    {"virtual_ipaddress_excluded", kWorks, none(), {}, &kExcluded},
    {"no_virtual_ipaddress", kWorks, none()},
    {"nopreempt", kWorks, none()},
    {"preempt", kWorks, none()},

    {"lvs_sync_daemon_interface", kWorks, one(interface_name())},

    {"auth_hmac", kRefused, none(), "which adverts are believed", &kHmac},
    {"use_ipvlan", kRefused, anything(), "which interface answers for the VIP"},
    {"vrf", kRefused, one(interface_name()), "which routing table is used"},

    {"preempt_delay", kWorks, one(decimal(0, 1000))},
    {"unicast_src_ip", kWorks, one(address())},
    {"unicast_peer", kWorks, none(), {}, &kPeers},
    {"unicast_ttl", kWorks, one(integer(0, 255))},
    {"check_unicast_src", kWorks, none()},
    {"unicast_fault_no_peer", kWorks, none()},
    {"old_unicast_checksum", kNothing, maybe(choice("never")), "the checksum is always the standard's"},
    {"mcast_src_ip", kWorks, one(address())},
    {"mcast_dst_ip", kWorks, one(address())},
    {"track_src_ip", kWorks, none()},
    {"track_interface", kWorks, none(), {}, &kTrackInterface},
    {"track_script", kWorks, none(), {}, &kTrackScript},
    {"track_process", kWorks, none(), {}, &kTrackProcess},
    {"track_file", kWorks, none(), {}, &kTrackFile},
    {"track_bfd", kRefused, none(), kFaults, &kTrackBfd},
    {"dont_track_primary", kWorks, none()},
    {"garp_master_delay", kWorks, one(integer(0, kSeconds))},
    {"garp_master_repeat", kWorks, one(integer(0, kInt))},
    {"garp_master_refresh", kWorks, one(integer(0, kSeconds))},
    {"garp_master_refresh_repeat", kWorks, one(integer(0, kInt))},
    {"garp_lower_prio_delay", kWorks, one(integer(0, kSeconds))},
    {"garp_lower_prio_repeat", kWorks, one(integer(0, kInt))},
    {"down_timer_adverts", kWorks, one(integer(1, 100))},
    {"lower_prio_no_advert", kWorks, maybe(boolean())},
    {"higher_prio_send_advert", kWorks, maybe(boolean())},
    {"skip_check_adv_addr", kWorks, maybe(boolean())},
    {"strict_mode", kWorks, maybe(boolean())},
    {"owner_ignore_adverts", kWorks, maybe(boolean())},
    {"v3_checksum_as_v2", kWorks, maybe(boolean())},
    {"timer_expired_backup", kNothing, anything(), kStalls},
    {"thread_timer_expired", kNothing, anything(), kStalls},
    {"accept", kWorks, none()},
    {"no_accept", kWorks, none()},
    {"use_vmac", kWorks, anything()},
    {"use_vmac_addr", kWorks, none()},
    {"vmac_xmit_base", kWorks, none()},
    {"notify_master", kWorks, script()},
    {"notify_backup", kWorks, script()},
    {"notify_fault", kWorks, script()},
    {"notify_stop", kWorks, script()},
    {"notify_deleted", kWorks, {{any(), any(), any()}, 0, 3, false}},
    {"notify", kWorks, script()},
    {"notify_master_rx_lower_pri", kWorks, script()},
    {"notify_priority_changes", kWorks, maybe(boolean())},

    {"smtp_alert", kWorks, maybe(boolean())},
    {"garp_extra_if", kNothing, anything(), "gratuitous ARP goes out where the address is"},
    {"vmac_garp_intvl", kNothing, anything(), "gratuitous ARP goes out where the address is"},
    {"virtual_routes", kNothing, none(), kHostRouting, &kRoutes},
    {"virtual_rules", kNothing, none(), kHostRouting, &kRules},
    {"promote_secondaries", kNothing, none(), kHostRouting},
    {"native_ipv6", kNothing, none(), "the family of the addresses decides"},
    {"linkbeat_use_polling", kNothing, none(), "the state of a link is told by the kernel"},
    {"kernel_rx_buf_size", kNothing, one(integer(0, kInt)), "these buffers are not configurable"},
    {"debug", kNothing, maybe(integer(0, 4)), "what is logged is chosen on the command line"},
});
constexpr Block kInstance{"vrrp_instance", Block::Content::kStatements, kInstanceWords};

constexpr Block kMembers{"group", Block::Content::kWords};
constexpr std::array kSyncGroupWords = std::to_array<Keyword>({
    {"group", kWorks, none(), {}, &kMembers},
    {"track_interface", kWorks, none(), {}, &kTrackInterface},
    {"track_script", kWorks, none(), {}, &kTrackScript},
    {"track_process", kWorks, none(), {}, &kTrackProcess},
    {"track_file", kWorks, none(), {}, &kTrackFile},
    {"track_bfd", kRefused, none(), kFaults, &kTrackBfd},
    {"notify_master", kWorks, script()},
    {"notify_backup", kWorks, script()},
    {"notify_fault", kWorks, script()},
    {"notify_stop", kWorks, script()},
    {"notify", kWorks, script()},
    {"notify_priority_changes", kWorks, maybe(boolean())},
    {"smtp_alert", kWorks, maybe(boolean())},
    {"global_tracking", kWorks, none()},
    {"sync_group_tracking_weight", kWorks, none()},
});
constexpr Block kSyncGroup{"vrrp_sync_group", Block::Content::kStatements, kSyncGroupWords};

constexpr std::array kScriptWords = std::to_array<Keyword>({
    {"script", kWorks, some(any())},
    {"interval", kWorks, one(decimal(0.001, kSeconds))},
    {"timeout", kWorks, one(decimal(0, kSeconds))},
    {"weight", kWorks, one_maybe(integer(-254, 254), choice("reverse|noreverse"))},
    {"rise", kWorks, one(integer(1, kInt))},
    {"fall", kWorks, one(integer(1, kInt))},
    {"user", kWorks, one_maybe(any(), any())},
    {"init_fail", kWorks, none()},
});
constexpr Block kScript{"vrrp_script", Block::Content::kStatements, kScriptWords};

constexpr std::array kProcessWords = std::to_array<Keyword>({
    {"process", kWorks, some(any())},
    {"param_match", kWorks, one(choice("initial|partial"))},
    {"weight", kWorks, one_maybe(integer(-254, 254), choice("reverse|noreverse"))},
    {"quorum", kWorks, one(integer(1, 65535))},
    {"quorum_max", kWorks, one(integer(0, 65535))},
    {"delay", kWorks, one(decimal(0, 3600))},
    {"fork_delay", kWorks, one(decimal(0, 3600))},
    {"terminate_delay", kWorks, one(decimal(0, 3600))},
    {"full_command", kWorks, none()},
});
constexpr Block kProcess{"vrrp_track_process", Block::Content::kStatements, kProcessWords};

constexpr std::array kTrackedFileWords = std::to_array<Keyword>({
    {"file", kWorks, one(any("a path"))},
    {"weight", kWorks, one_maybe(integer(-kInt, kInt), choice("reverse|noreverse"))},
    {"init_file", kWorks, {{any(), any()}, 0, 2, false}},
});
constexpr Block kTrackedFile{"track_file", Block::Content::kStatements, kTrackedFileWords};

constexpr std::array kBfdInstanceWords = std::to_array<Keyword>({
    {"neighbor_ip", kWorks, one(address())},
    {"neighbour_ip", kWorks, one(address())},
    {"source_ip", kWorks, one(address())},
    {"min_rx", kWorks, one(decimal(0, kInt))},
    {"min_tx", kWorks, one(decimal(0, kInt))},
    {"idle_tx", kWorks, one(decimal(0, kInt))},
    {"multiplier", kWorks, one(integer(1, 255))},
    {"passive", kWorks, none()},
    {"ttl", kWorks, one(integer(1, 255))},
    {"hoplimit", kWorks, one(integer(1, 255))},
    {"max_hops", kWorks, one(integer(0, 255))},
    {"multihop", kWorks, none()},
    {"weight", kWorks, one_maybe(integer(-253, 253), choice("reverse|noreverse"))},
    {"vrrp", kWorks, none()},
    {"checker", kWorks, none()},
});
constexpr Block kBfdInstance{"bfd_instance", Block::Content::kStatements, kBfdInstanceWords};

constexpr Block kGarpInterfaces{"interfaces", Block::Content::kWords};
constexpr std::array kGarpGroupWords = std::to_array<Keyword>({
    {"garp_interval", kWorks, one(decimal(0, kSeconds))},
    {"gna_interval", kWorks, one(decimal(0, kSeconds))},
    {"interface", kWorks, one(interface_name())},
    {"interfaces", kWorks, none(), {}, &kGarpInterfaces},
});
constexpr Block kGarpGroup{"garp_group", Block::Content::kStatements, kGarpGroupWords};

}  // namespace

const Block& vrrp_instance_block() { return kInstance; }
const Block& vrrp_sync_group_block() { return kSyncGroup; }
const Block& vrrp_script_block() { return kScript; }
const Block& vrrp_track_process_block() { return kProcess; }
const Block& track_file_block() { return kTrackedFile; }
const Block& bfd_instance_block() { return kBfdInstance; }
const Block& garp_group_block() { return kGarpGroup; }

}  // namespace penstock::config
