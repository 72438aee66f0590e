// Listings that ipvsadm 1.31 printed (data/), and the state that they were printed from, as status values.
//
// reference_*: kernel IPVS under real traffic. mixed_*: services of every kind, in the kernel's order. large_*: counters past
// each limit. order_*: 34 services whose sorted order shows ipvsadm's comparison.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "control/cli/status.h"

namespace penstock::control::golden {

// The text of data/NAME.txt.
[[nodiscard]] std::string text(std::string_view name);

// "10.0.0.1:80" or "[fd77::1]:80"; stops the test program when it is neither.
[[nodiscard]] packet::Endpoint endpoint(std::string_view text);

[[nodiscard]] std::vector<ServiceStatus> reference_services();
[[nodiscard]] std::vector<ConnectionStatus> reference_connections();
[[nodiscard]] std::vector<ServiceStatus> mixed_services();
[[nodiscard]] std::vector<ServiceStatus> large_services();
[[nodiscard]] std::vector<ServiceStatus> order_services();
[[nodiscard]] std::vector<ConnectionStatus> odd_connections();
[[nodiscard]] DaemonStatus daemon();

}  // namespace penstock::control::golden
