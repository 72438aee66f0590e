// `penstock show checks`: who is up, since when, and what each check last saw; for people and as JSON. Pure functions.
#pragma once

#include <string>

#include "control/cli/show_json.h"
#include "control/cli/status.h"

namespace penstock::control {

// Each service with its quorum, then a row for each check of each real server; last, how late checks were started.
[[nodiscard]] std::string show_checks(const ChecksStatus& checks);

// The same and the counts of results by name. Times: seconds, or seconds since 1970 where the key ends in _at.
[[nodiscard]] Json checks_json(const ChecksStatus& checks);

}  // namespace penstock::control
