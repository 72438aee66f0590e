// Asks the kernel which way packets to an address would take (RTM_GETROUTE): its own lookup, with policy rules, multipath and
// learned path MTUs, instead of an imitation of it.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <vector>

#include "control/netlink/requester.h"
#include "dataplane/packet/ip_address.h"

namespace penstock::control {

struct Route {
  enum class Kind : std::uint8_t { kForwarded, kLocal, kUnusable };  // kUnusable: broadcast, multicast, blackhole
  Kind kind = Kind::kUnusable;
  int interface_index = 0;
  packet::IpAddress next_hop;        // the destination itself where it is on the link
  std::optional<std::uint32_t> mtu;  // the route's own (`ip route ... mtu N`), or learned for this destination

  friend bool operator==(const Route&, const Route&) = default;
};

class RouteLookup {
 public:
  static constexpr std::size_t kMaxBatch = Requester::kMaxBatch;

  explicit RouteLookup(Requester requester) : requester_{std::move(requester)} {}
  // One result for each destination, at most kMaxBatch; an error is the kernel's: ENETUNREACH, EHOSTUNREACH, EACCES ...
  std::vector<std::expected<Route, NetlinkError>> ask(std::span<const packet::IpAddress> destinations);

 private:
  Requester requester_;
};

}  // namespace penstock::control
