// What to tell an operator who started the daemon without a port.
#pragma once

#include <string>

namespace penstock::control {

// The host's interfaces, each with the ways to give it to penstockd as a port. Several lines.
[[nodiscard]] std::string port_advice();

}  // namespace penstock::control
