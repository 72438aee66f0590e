// Any bytes as a configuration. Rules:
//   - each diagnostic can be shown; there is a model exactly when none is an error;
//   - a model's print is a configuration without errors, which means the same and prints the same.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "config/model.h"

namespace penstock::config {

// print(), or a mutant of it.
using Printing = std::function<std::string(const Model& model)>;

// A line of three per cent signs separates files: x.conf, 1, 2, ..., which may include each other. Throws test::BrokenRule.
void play_config(std::string_view bytes, const Printing& printing);

}  // namespace penstock::config
