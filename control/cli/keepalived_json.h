// keepalived's own JSON (its version 1), for the exporters that read it: a bare array with "data" and "stats" of each instance.
//
// Keys, types and texts are those of Debian's keepalived 2.2.7, which a test compares with what it printed. The password, which
// keepalived shows, is asterisks.
#pragma once

#include <string>

#include "control/cli/show_json.h"
#include "control/cli/status.h"

namespace penstock::control {

[[nodiscard]] Json keepalived_json(const VrrpStatus& status);
// One line, as keepalived writes it.
[[nodiscard]] std::string keepalived_json_text(const VrrpStatus& status);

}  // namespace penstock::control
