// What ipvsadm 1.31 prints, byte for byte, from status values.
//
// Pure functions; the formats were taken from listings of ipvsadm itself (tests/control/cli/data/). Each is the whole output
// but the connections', which come row by row because there may be millions. Servers that are down or removed don't appear:
// IPVS forgets a removed server's entry in its service.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "control/cli/ipvsadm_options.h"
#include "control/cli/status.h"

namespace penstock::control {

// `-L` with --stats, --rate and so on. The services are printed in the order given.
[[nodiscard]] std::string ipvsadm_services(const IpvsadmRequest& request, const DaemonStatus& daemon,
                                           std::span<const ServiceStatus> services);

// `-S -n`.
[[nodiscard]] std::string ipvsadm_save(std::span<const ServiceStatus> services);

// `-L -c`: the two lines above the rows.
[[nodiscard]] std::string ipvsadm_connections_title(bool persistence_engine);
void append_ipvsadm_connection(std::string& out, const ConnectionStatus& connection);

// `-L --timeout`.
[[nodiscard]] std::string ipvsadm_timeouts(const DaemonStatus& daemon);
// `-L --daemon`.
[[nodiscard]] std::string ipvsadm_daemons(const DaemonStatus& daemon);

// The services that `-L` or `-S` is about: sorted unless asked otherwise, only request.service where one is named.
[[nodiscard]] std::vector<ServiceStatus> select_services(const IpvsadmRequest& request, std::vector<ServiceStatus> services);

}  // namespace penstock::control
