// Follows the way to each real server: the kernel's route, the neighbour entry of its next hop, the MTU.
//
// For up to some 40,000 servers. The kernel is asked once for each; then again for those whose destination a route change
// covers, a few at a time, with changes that come in a burst (a routing daemon, a link going down) gathered for a moment.
// Servers behind the same router share one neighbour entry, which NeighbourKeeper keeps resolved. What changed is told in
// portions too: the receiver builds a snapshot from each, so one for every neighbour event would be too many.
//
// Control-owned. Limit: a path MTU that the kernel learns later (ICMP) comes without notification, so it is seen at the next
// question.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "control/loop/event_loop.h"
#include "control/netlink/mirror.h"
#include "control/netlink/neighbour_keeper.h"
#include "control/netlink/next_hop.h"
#include "control/netlink/paced_queue.h"
#include "control/netlink/route_lookup.h"

namespace penstock::control {

class NextHopTracker {
 public:
  struct Change {
    packet::IpAddress server;
    NextHop next_hop;
  };
  using OnChange = std::function<void(std::span<const Change>)>;

  // Mirror and keeper must outlive the tracker. `on_change` is called from the loop, and may call set_servers() and find().
  NextHopTracker(EventLoop& loop, NetworkMirror& mirror, NeighbourKeeper& keeper, RouteLookup lookup, OnChange on_change);
  ~NextHopTracker();
  NextHopTracker(const NextHopTracker&) = delete;
  NextHopTracker& operator=(const NextHopTracker&) = delete;

  // The servers to follow from now on. Those followed already keep what is known about them; each new one is announced as soon
  // as something is known. Duplicates count once. One that isn't listed is forgotten without a word.
  void set_servers(std::span<const packet::IpAddress> servers);
  // Null for a server that isn't followed. Valid until the next event or set_servers().
  [[nodiscard]] const NextHop* find(const packet::IpAddress& server) const;
  [[nodiscard]] std::size_t size() const { return servers_.size(); }

 private:
  struct Server {
    std::optional<std::expected<Route, NetlinkError>> route;  // as last heard
    NextHop next_hop;
    bool is_queued = false;  // for the kernel
    bool is_dirty = false;   // to be announced
  };
  // What we know about one neighbour beyond the mirror: a MAC survives its entry.
  struct Gateway {
    std::unordered_set<packet::IpAddress> servers;
    std::optional<packet::MacAddress> last_mac;
    NextHop::State state = NextHop::State::kResolving;  // or kResolved, kFailed
    bool was_asked_for = false;                         // at the last that was told of the entry
    bool failed_unasked = false;                        // kFailed: by an order, which mostly is a deletion's first half
  };
  // More different destinations than this in one burst, and everything is asked about.
  static constexpr std::size_t kMaxScopes = 16;

  void ask_again(const packet::IpAddress& address, Server& server);
  void on_routes(const std::optional<RouteScope>& scope);
  void apply_scopes();
  void ask(const std::vector<packet::IpAddress>& portion);
  void set_route(const packet::IpAddress& address, Server& server, std::expected<Route, NetlinkError> route);
  void on_neighbour(const NeighbourKey& key, const Neighbour* now);
  static bool learn(Gateway& gateway, const Neighbour* now);
  [[nodiscard]] static std::optional<NeighbourKey> gateway_key(const Server& server);
  void leave_gateway(const packet::IpAddress& address, const NeighbourKey& key);
  void update(const packet::IpAddress& address, Server& server);
  [[nodiscard]] NextHop compose(const Server& server) const;
  void announce();

  NetworkMirror& mirror_;
  NeighbourKeeper& keeper_;
  RouteLookup lookup_;
  OnChange on_change_;
  std::unordered_map<packet::IpAddress, Server> servers_;
  std::unordered_map<NeighbourKey, Gateway> gateways_;
  std::vector<RouteScope> changed_scopes_;
  bool everything_changed_ = false;
  std::vector<packet::IpAddress> dirty_;
  PacedQueue<packet::IpAddress> questions_;
  Timer gather_;
  Timer announce_;
  NetworkMirror::Subscription subscription_;
};

}  // namespace penstock::control
