// How an interface is called in a message to the operator.
#pragma once

#include <string>

namespace penstock::control {

// Its name, or "interface 7" when it is gone.
[[nodiscard]] std::string interface_text(int index);

}  // namespace penstock::control
