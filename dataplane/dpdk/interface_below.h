// Asks the kernel about the interface that a software port sits on.
#pragma once

#include <optional>
#include <string>

#include "dataplane/dpdk/port_spec.h"

namespace penstock::dpdk {

// Nothing when this network namespace has no interface of that name.
[[nodiscard]] std::optional<InterfaceBelow> look_at_interface(const std::string& name);

}  // namespace penstock::dpdk
