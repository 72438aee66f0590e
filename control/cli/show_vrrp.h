// `penstock show vrrp`: who is master and why, and who else speaks; for people and as JSON. Pure functions.
#pragma once

#include <string>

#include "control/cli/show_json.h"
#include "control/cli/status.h"

namespace penstock::control {

// With several instances a table first, then each instance in all its aspects, then sync groups and strangers.
[[nodiscard]] std::string show_vrrp(const VrrpStatus& status);

// The same, with every counter. Times: seconds, or seconds since 1970 where the key ends in _at.
[[nodiscard]] Json vrrp_json(const VrrpStatus& status);

}  // namespace penstock::control
