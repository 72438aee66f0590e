// The blocks of keepalived 2.3.4 (and what 2.4 added), one table each. See schema.h for what the columns mean.
#pragma once

#include <string_view>

#include "config/schema.h"

namespace penstock::config {

inline constexpr double kSeconds = 31'536'000;  // a year: more is a slip
inline constexpr double kInt = 2'147'483'647;
inline constexpr std::string_view kNoSnmp = "there is no SNMP agent";
inline constexpr std::string_view kHostRouting = "the host's addresses, routes and rules are left to the host";

[[nodiscard]] const Block& global_defs_block();

[[nodiscard]] const Block& vrrp_script_block();
[[nodiscard]] const Block& vrrp_instance_block();
[[nodiscard]] const Block& vrrp_sync_group_block();
[[nodiscard]] const Block& vrrp_track_process_block();
[[nodiscard]] const Block& track_file_block();
[[nodiscard]] const Block& bfd_instance_block();
[[nodiscard]] const Block& garp_group_block();

[[nodiscard]] const Block& virtual_server_block();
[[nodiscard]] const Block& real_server_block();
[[nodiscard]] const Block& ssl_block();

}  // namespace penstock::config
