// What `penstock show ...` prints for people, from status values. Pure functions; the same facts for programs are in
// show_json.h.
#pragma once

#include <span>
#include <string>

#include "control/cli/status.h"

namespace penstock::control {

// Each service with its real servers: weight, state, connections, next hop.
[[nodiscard]] std::string show_services(std::span<const ServiceStatus> services);

// The daemon in one line, then the counters of services and servers.
[[nodiscard]] std::string show_stats(const DaemonStatus& daemon, std::span<const WorkerStatus> workers,
                                     std::span<const ServiceStatus> services);

// The same per second.
[[nodiscard]] std::string show_rate(const DaemonStatus& daemon, std::span<const ServiceStatus> services);

// Most frequent first. `all`: also the reasons that never occurred.
[[nodiscard]] std::string show_drops(std::span<const DropStatus> drops, bool all);

[[nodiscard]] std::string show_workers(std::span<const WorkerStatus> workers);
// What a packet costs each worker, stage by stage. `measured`: of the last second that is known.
[[nodiscard]] std::string show_stages(std::span<const WorkerStatus> workers, bool measured);

// How long other events had to wait at most: a turn is what an event loop does between two waits.
[[nodiscard]] std::string show_threads(std::span<const ThreadStatus> threads);

[[nodiscard]] std::string show_ports(std::span<const PortStatus> ports);

// Connections come row by row; the widths are fixed, so that an IPv4 listing is aligned.
[[nodiscard]] std::string show_connections_title();
void append_connection(std::string& out, const ConnectionStatus& connection);
[[nodiscard]] std::string show_connections_end(std::uint64_t count);

}  // namespace penstock::control
