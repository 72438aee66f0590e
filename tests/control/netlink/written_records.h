// Records of the kernel's as messages: the writer to hold the readers against.
#pragma once

#include "control/netlink/message.h"
#include "control/netlink/records.h"

namespace penstock::control {

[[nodiscard]] Message written(const Link& link);
[[nodiscard]] Message written(const Address& address);
[[nodiscard]] Message written(const Neighbour& neighbour);

}  // namespace penstock::control
