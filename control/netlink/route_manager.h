// Static routes through a port's TAP (--route), for hosts where no network manager does it.
//
// They need no removal: routes go with their interface.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "control/netlink/requester.h"
#include "dataplane/packet/ip_address.h"

namespace penstock::control {

struct StaticRoute {
  packet::IpAddress destination;  // host bits are zero
  std::uint8_t prefix_length = 0;
  std::optional<packet::IpAddress> gateway;  // none: on the link itself

  friend bool operator==(const StaticRoute&, const StaticRoute&) = default;
};

// "10.0.0.0/8 via 192.168.1.1", "default via fe80::1", "10.1.0.0/16", "192.168.7.7 via 192.168.1.2". The error says what is
// wrong.
[[nodiscard]] std::expected<StaticRoute, std::string> parse_static_route(std::string_view text);

class RouteManager {
 public:
  enum class Outcome : std::uint8_t { kAdded, kWasThere };

  explicit RouteManager(Requester requester) : requester_{std::move(requester)} {}
  // kWasThere: a route to this destination exists and stays as it is.
  std::expected<Outcome, std::string> add(const StaticRoute& route, int interface_index);

 private:
  Requester requester_;
};

}  // namespace penstock::control
