// The order of ipvsadm's sorted listings, oddities included.
//
// ipvsadm orders by family, protocol, address and port, but takes the difference of two addresses as a signed 32-bit number (a
// word at a time for IPv6). So 192.0.2.1 comes before 10.0.0.1, though it comes after 100.64.0.1, which comes after 10.0.0.1:
// that is no order at all, and the result depends on how one sorts. What one sees is what the C library's merge sort makes of
// it, so it is done the same way here. (std::stable_sort would be undefined on such a comparison.)
#pragma once

#include <vector>

#include "control/cli/status.h"

namespace penstock::control {

// Services and each one's servers, as ipvsadm prints them without --nosort.
void sort_like_ipvsadm(std::vector<ServiceStatus>& services);

}  // namespace penstock::control
