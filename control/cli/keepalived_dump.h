// The texts of keepalived's dumps: what it writes to /tmp/keepalived.data at SIGUSR1 and to keepalived.stats at SIGUSR2.
//
// The layout is keepalived 2.2.7's, as far as there is something to say: without its descriptors, sockets and interfaces, and
// with asterisks for the password. Tests compare both with what keepalived wrote.
#pragma once

#include <string>

#include "control/cli/status.h"

namespace penstock::control {

[[nodiscard]] std::string keepalived_data(const VrrpStatus& status);
[[nodiscard]] std::string keepalived_statistics(const VrrpStatus& status);

}  // namespace penstock::control
