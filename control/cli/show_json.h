// Every listing as JSON, for programs: the same facts as the tables, complete (zero counts, both directions, each worker).
//
// Keys are stable names in snake_case; addresses are text without brackets, with the port beside them; durations are seconds.
#pragma once

#include <nlohmann/json.hpp>
#include <span>

#include "control/cli/status.h"

namespace penstock::control {

using Json = nlohmann::ordered_json;

[[nodiscard]] Json services_json(std::span<const ServiceStatus> services);
[[nodiscard]] Json connection_json(const ConnectionStatus& connection);
[[nodiscard]] Json drops_json(std::span<const DropStatus> drops);
[[nodiscard]] Json workers_json(std::span<const WorkerStatus> workers);
[[nodiscard]] Json threads_json(std::span<const ThreadStatus> threads);
[[nodiscard]] Json ports_json(std::span<const PortStatus> ports);
// Version, uptime, timeouts, table size, packet rate, synchronisation daemons.
[[nodiscard]] Json daemon_json(const DaemonStatus& daemon);

}  // namespace penstock::control
