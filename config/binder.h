// From a checked tree to the model: what single words can't tell, because it is a matter of several of them.
//
// The binder reads only values that check.h has accepted and stays silent about the rest. It reports what doesn't fit together
// (a server twice, a member that doesn't exist, families mixed) and says where it settles something as keepalived does.
#pragma once

#include <vector>

#include "config/diagnostic.h"
#include "config/model.h"
#include "config/source.h"
#include "config/tree.h"

namespace penstock::config {

// The model is meaningful only when no error has been reported.
[[nodiscard]] Model bind_model(const std::vector<Statement>& statements, const SourceMap& sources, Diagnostics& diagnostics);

}  // namespace penstock::config
