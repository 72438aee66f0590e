// `penstock show sync`: who is told of connections, how many came and went, what was refused and why; for people and as JSON.
// Pure functions.
#pragma once

#include <string>

#include "control/cli/show_json.h"
#include "control/cli/status.h"

namespace penstock::control {

[[nodiscard]] std::string show_sync(const SyncStatus& sync);

// The same and the counts of zero. Times: seconds.
[[nodiscard]] Json sync_json(const SyncStatus& sync);
[[nodiscard]] Json sync_daemon_json(const SyncDaemonStatus& daemon);

}  // namespace penstock::control
