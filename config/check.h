// Every statement against the keyword tables: known here, with values of the right kind, and with what effect.
#pragma once

#include <vector>

#include "config/diagnostic.h"
#include "config/tree.h"

namespace penstock::config {

// Reports on all statements and what is within them. Content of refused and of damaged statements is passed over.
void check(const std::vector<Statement>& statements, const Block& block, Diagnostics& diagnostics);

}  // namespace penstock::config
