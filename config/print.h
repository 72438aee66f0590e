// A model as keepalived.conf text: for `show config` and -d. Without secrets.
#pragma once

#include <string>

#include "config/model.h"

namespace penstock::config {

// Canonical: every value is written, defaults included, in the model's order. The password's place says `auth_pass ********`.
[[nodiscard]] std::string print(const Model& model);

}  // namespace penstock::config
