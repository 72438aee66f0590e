// The configuration file: read, judged, and what is wrong with it told in the place where the operator looks.
#pragma once

#include <optional>

#include "config/model.h"
#include "control/daemon/options.h"

namespace penstock::control {

// The model that the options ask for (-P and -C leave parts out), or nothing when the file has errors. Findings go to standard
// error, with the line and a caret: for -t and a start from a terminal.
[[nodiscard]] std::optional<config::Model> read_configuration_for_terminal(const Options& options);

// The same, with findings as lines of the log: for a reload.
[[nodiscard]] std::optional<config::Model> read_configuration_for_log(const Options& options);

}  // namespace penstock::control
