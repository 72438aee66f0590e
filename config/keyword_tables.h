// The blocks of keepalived 2.3.4 (and what 2.4 added), one table each. See schema.h for what the columns mean.
#pragma once

#include "config/schema.h"

namespace penstock::config {

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
