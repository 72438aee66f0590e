#include "control/netlink/next_hop_tracker.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

namespace penstock::control {
namespace {

using std::chrono_literals::operator""ms;

// Route changes come in bursts: one added address is three of them. Short against any failover, long against a burst.
constexpr auto kGatherDelay = 10ms;
// At most one announcement in this time.
constexpr auto kAnnounceDelay = 5ms;

}  // namespace

NextHopTracker::NextHopTracker(EventLoop& loop, NetworkMirror& mirror, NeighbourKeeper& keeper, RouteLookup lookup,
                               OnChange on_change)
    : mirror_{mirror},
      keeper_{keeper},
      lookup_{std::move(lookup)},
      on_change_{std::move(on_change)},
      questions_{loop, RouteLookup::kMaxBatch, [this](const std::vector<packet::IpAddress>& portion) { ask(portion); }},
      gather_{loop.add_timer([this] { apply_scopes(); })},
      announce_{loop.add_timer([this] { announce(); })} {
  subscription_ = mirror_.subscribe({
      .link_changed = [this](int, const Link*) { on_routes(std::nullopt); },  // IPv4 drops a link's routes without a word
      .address_changed = {},
      .neighbour_changed = [this](const NeighbourKey& key, const Neighbour* now) { on_neighbour(key, now); },
      .routes_changed = [this](const std::optional<RouteScope>& scope) { on_routes(scope); },
  });
}

NextHopTracker::~NextHopTracker() {
  for (const auto& [key, gateway] : gateways_) keeper_.release(key);
}

void NextHopTracker::set_servers(std::span<const packet::IpAddress> servers) {
  const std::unordered_set<packet::IpAddress> wanted{servers.begin(), servers.end()};
  std::erase_if(servers_, [&](const auto& entry) {
    if (wanted.contains(entry.first)) return false;
    if (const auto key = gateway_key(entry.second)) leave_gateway(entry.first, *key);
    return true;
  });
  for (const packet::IpAddress& address : wanted) {
    const auto [place, is_new] = servers_.try_emplace(address);
    if (is_new) ask_again(address, place->second);
  }
}

const NextHop* NextHopTracker::find(const packet::IpAddress& server) const {
  const auto found = servers_.find(server);
  return found == servers_.end() ? nullptr : &found->second.next_hop;
}

void NextHopTracker::ask_again(const packet::IpAddress& address, Server& server) {
  if (std::exchange(server.is_queued, true)) return;
  questions_.push(address);
}

void NextHopTracker::on_routes(const std::optional<RouteScope>& scope) {
  if (scope && changed_scopes_.size() < kMaxScopes) {
    changed_scopes_.push_back(*scope);
  } else {
    everything_changed_ = true;
  }
  if (!gather_.is_active()) gather_.start_once(kGatherDelay);
}

void NextHopTracker::apply_scopes() {
  const auto scopes = std::exchange(changed_scopes_, {});
  const bool everything = std::exchange(everything_changed_, false);
  for (auto& [address, server] : servers_) {
    const auto covers = [&](const RouteScope& scope) { return scope.contains(address); };
    if (everything || std::ranges::any_of(scopes, covers)) ask_again(address, server);
  }
}

void NextHopTracker::ask(const std::vector<packet::IpAddress>& portion) {
  auto routes = lookup_.ask(portion);
  for (std::size_t i = 0; i < portion.size(); ++i) {
    const auto found = servers_.find(portion[i]);
    if (found == servers_.end()) continue;
    Server& server = found->second;
    server.is_queued = false;
    if (!routes[i] && routes[i].error().code == ENODATA) {
      ask_again(portion[i], server);  // the answer was lost
    } else {
      set_route(portion[i], server, std::move(routes[i]));
    }
  }
}

std::optional<NeighbourKey> NextHopTracker::gateway_key(const Server& server) {
  if (!server.route || !*server.route || (*server.route)->kind != Route::Kind::kForwarded) return std::nullopt;
  return NeighbourKey{(*server.route)->interface_index, (*server.route)->next_hop};
}

void NextHopTracker::set_route(const packet::IpAddress& address, Server& server, std::expected<Route, NetlinkError> route) {
  const auto old_key = gateway_key(server);
  server.route = std::move(route);
  const auto new_key = gateway_key(server);
  if (new_key != old_key) {
    if (old_key) leave_gateway(address, *old_key);
    if (new_key) {
      const auto [place, is_new] = gateways_.try_emplace(*new_key);
      place->second.servers.insert(address);
      if (is_new) {
        learn(place->second, mirror_.find_neighbour(*new_key));
        keeper_.keep(*new_key);
      }
    }
  }
  update(address, server);
}

void NextHopTracker::leave_gateway(const packet::IpAddress& address, const NeighbourKey& key) {
  const auto found = gateways_.find(key);
  found->second.servers.erase(address);
  if (!found->second.servers.empty()) return;
  gateways_.erase(found);
  keeper_.release(key);
}

// True when that changes anything for the servers behind it; an entry that is verified in good time is no news.
bool NextHopTracker::learn(Gateway& gateway, const Neighbour* now) {
  const auto before = std::pair{gateway.state, gateway.last_mac};
  if (now != nullptr && now->is_usable()) {
    gateway.last_mac = now->mac;
    gateway.state = NextHop::State::kResolved;
  } else if (now != nullptr && now->has_failed()) {
    gateway.failed_unasked = gateway.state == NextHop::State::kResolved && !gateway.was_asked_for;
    gateway.state = NextHop::State::kFailed;
  } else if (gateway.state == NextHop::State::kResolved || (now == nullptr && std::exchange(gateway.failed_unasked, false))) {
    // Whereas a failure stays in force while the kernel tries again, and when it forgets the entry. An entry that is deleted
    // fails at the same moment (neigh_delete in net/core/neighbour.c), and says nothing about the neighbour.
    gateway.state = NextHop::State::kResolving;
  }
  gateway.was_asked_for = now != nullptr && now->is_asked_for();
  return std::pair{gateway.state, gateway.last_mac} != before;
}

void NextHopTracker::on_neighbour(const NeighbourKey& key, const Neighbour* now) {
  const auto found = gateways_.find(key);
  if (found == gateways_.end()) return;
  // A link that goes down loses its routes first and its neighbours then, and only the latter is told: so a loss is a reason to
  // ask.
  const bool is_lost = now == nullptr;
  if (!learn(found->second, now) && !is_lost) return;
  for (const packet::IpAddress& address : found->second.servers) {
    Server& server = servers_.at(address);
    update(address, server);
    if (is_lost) ask_again(address, server);
  }
}

NextHop NextHopTracker::compose(const Server& server) const {
  NextHop hop;
  if (!server.route) return hop;
  if (!*server.route) {
    hop.state = NextHop::State::kNoRoute;
    hop.error = server.route->error().text;
    return hop;
  }
  const Route& route = **server.route;
  hop.interface_index = route.interface_index;
  hop.address = route.next_hop;
  if (const Link* link = mirror_.find_link(route.interface_index)) {
    hop.interface_name = link->name;
    hop.mtu = route.mtu ? std::min(*route.mtu, link->mtu) : link->mtu;
  }
  if (route.kind == Route::Kind::kLocal) {
    hop.state = NextHop::State::kLocal;
    return hop;
  }
  if (route.kind == Route::Kind::kUnusable) {
    hop.state = NextHop::State::kNoRoute;
    hop.error = "not a host's address";
    return hop;
  }
  const Gateway& gateway = gateways_.at({route.interface_index, route.next_hop});
  hop.mac = gateway.last_mac;
  hop.state = gateway.state;
  return hop;
}

void NextHopTracker::update(const packet::IpAddress& address, Server& server) {
  NextHop hop = compose(server);
  if (hop == server.next_hop) return;
  server.next_hop = std::move(hop);
  if (std::exchange(server.is_dirty, true)) return;
  dirty_.push_back(address);
  if (!announce_.is_active()) announce_.start_once(kAnnounceDelay);
}

void NextHopTracker::announce() {
  std::vector<Change> changes;
  for (const packet::IpAddress& address : std::exchange(dirty_, {})) {
    const auto found = servers_.find(address);
    if (found == servers_.end() || !std::exchange(found->second.is_dirty, false)) continue;
    changes.push_back({address, found->second.next_hop});
  }
  if (!changes.empty()) on_change_(changes);
}

}  // namespace penstock::control
