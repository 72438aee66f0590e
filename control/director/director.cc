#include "control/director/director.h"

#include <algorithm>
#include <functional>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace penstock::control {
namespace {

core::SchedulerKind kind_of(config::Scheduler scheduler) {
  switch (scheduler) {
    case config::Scheduler::kRoundRobin: return core::SchedulerKind::kRoundRobin;
    case config::Scheduler::kWeightedRoundRobin: return core::SchedulerKind::kWeightedRoundRobin;
    case config::Scheduler::kLeastConnection: return core::SchedulerKind::kLeastConnection;
    case config::Scheduler::kWeightedLeastConnection: return core::SchedulerKind::kWeightedLeastConnection;
    case config::Scheduler::kMaglev: return core::SchedulerKind::kMaglev;
  }
  return core::SchedulerKind::kWeightedLeastConnection;
}

// Those in force first, in the configuration's order.
bool stands_before(const Director::Service* a, const Director::Service* b) {
  return std::tuple{!a->configured, a->position} < std::tuple{!b->configured, b->position};
}
bool server_stands_before(const Director::Server* a, const Director::Server* b) {
  return std::tuple{!a->in_service, a->position} < std::tuple{!b->in_service, b->position};
}

}  // namespace

Director::Director(const core::CounterBoard& board, const core::Ownership& ownership)
    : board_{board}, ownership_{ownership}, by_virtual_id_(65536), by_server_id_(65536) {}

void Director::add_port(const std::string& name, core::PortIndex index, const packet::MacAddress& mac) {
  ports_.push_back({name, index, mac});
}

std::expected<Director::Changes, std::string> Director::apply(std::span<const Wanted> services) {
  if (auto room = check_room(services); !room) return std::unexpected{room.error()};
  Changes changes;
  std::set<Key> wanted_keys;
  for (const Wanted& wanted : services) {
    const std::uint64_t position = wanted_keys.size();
    wanted_keys.insert(wanted.key);
    Service& service = adopt(wanted, position, changes);
    adopt_names(service, wanted.named);
    adopt_rows(service, wanted.rows, changes);
  }
  for (auto& [key, service] : services_) {
    if (!service.configured || wanted_keys.contains(key)) continue;
    retire_rows(service, {}, changes);
    adopt_names(service, {});
    service.configured = false;
    ++changes.services_removed;
  }
  draft_.reset();
  return changes;
}

Director::Changes Director::set_rows(const Key& service, std::span<const Row> rows) {
  Changes changes;
  Service& changed = services_.at(service);
  adopt_rows(changed, rows, changes);
  if (changes.any() && draft_ != nullptr && !draft_->change_members(changed.place, members_of(changed))) draft_.reset();
  return changes;
}

// Whether the ids suffice, counted as if nothing that is wanted existed already.
std::expected<void, std::string> Director::check_room(std::span<const Wanted> services) const {
  std::size_t new_services = 0;
  std::size_t new_servers = 0;
  for (const Wanted& wanted : services) {
    const auto known = services_.find(wanted.key);
    if (known == services_.end()) ++new_services;
    for (const packet::Endpoint& endpoint : wanted.named) {
      if (known == services_.end() || !known->second.servers.contains(endpoint)) ++new_servers;
    }
  }
  if (new_services > virtual_ids_.available()) {
    return std::unexpected{
        fmt::format("{} virtual servers are new, but only {} more can be had", new_services, virtual_ids_.available())};
  }
  if (new_servers > server_ids_.available()) {
    return std::unexpected{
        fmt::format("{} real servers are new, but only {} more can be had", new_servers, server_ids_.available())};
  }
  return {};
}

Director::Service& Director::adopt(const Wanted& wanted, std::uint64_t position, Changes& changes) {
  const auto [at, is_new] = services_.try_emplace(wanted.key);
  Service& service = at->second;
  if (is_new) {
    service.endpoint = wanted.key.endpoint;
    service.protocol = wanted.key.protocol;
    service.id = core::VirtualId{virtual_ids_.take().value()};
    by_virtual_id_[index_of(service.id)] = &service;
  }
  if (is_new || !service.configured) ++changes.services_added;
  if (is_new || service.scheduler != wanted.scheduler) ++service.generation;
  service.configured = true;
  service.scheduler = wanted.scheduler;
  service.maglev_flags = wanted.maglev_flags;
  if (service.scheduler != config::Scheduler::kMaglev) service.maglev.reset();
  service.position = position;
  return service;
}

// Every server that is named gets an id, in service or not, so that one that comes back always finds room.
void Director::adopt_names(Service& service, std::span<const packet::Endpoint> named) {
  for (auto& [endpoint, server] : service.servers) server.named = false;
  std::uint64_t position = 0;
  for (const packet::Endpoint& endpoint : named) {
    const auto [at, is_new] = service.servers.try_emplace(endpoint);
    Server& server = at->second;
    if (is_new) {
      server.endpoint = endpoint;
      server.id = core::ServerId{server_ids_.take().value()};
      server.baseline = counted_for(server.id);
      by_server_id_[index_of(server.id)] = &server;
    }
    server.named = true;
    server.idle_since = {};
    server.position = position++;
  }
}

// Removals come before additions, as in keepalived's reload.
void Director::adopt_rows(Service& service, std::span<const Row> rows, Changes& changes) {
  retire_rows(service, rows, changes);
  for (const Row& row : rows) adopt_row(service, row, changes);
}

void Director::adopt_row(Service& service, const Row& row, Changes& changes) {
  Server& server = service.servers.at(row.endpoint);
  const bool is_added = !server.in_service;
  const bool is_changed = !is_added && (server.weight != row.weight || server.upper_threshold != row.upper_threshold ||
                                        server.lower_threshold != row.lower_threshold);
  if (is_added) {
    server.added = ++additions_;
    ++changes.servers_added;
  }
  if (is_changed) ++changes.servers_changed;
  if (is_added || is_changed) ++service.generation;
  server.in_service = true;
  server.weight = row.weight;
  if (is_added || row.weight != 0) server.last_weight = row.weight;
  server.upper_threshold = row.upper_threshold;
  server.lower_threshold = row.lower_threshold;
}

// Takes those servers out of service that have no row in `kept`.
void Director::retire_rows(Service& service, std::span<const Row> kept, Changes& changes) {
  std::set<packet::Endpoint> staying;
  for (const Row& row : kept) staying.insert(row.endpoint);
  for (auto& [endpoint, server] : service.servers) {
    if (!server.in_service || staying.contains(endpoint)) continue;
    server.in_service = false;
    ++service.generation;
    ++changes.servers_removed;
  }
}

std::vector<packet::IpAddress> Director::server_addresses() const {
  std::set<packet::IpAddress> addresses;
  for (const auto& [key, service] : services_) {
    for (const auto& [endpoint, server] : service.servers) addresses.insert(endpoint.address);
  }
  return {addresses.begin(), addresses.end()};
}

const NextHop* Director::find_next_hop(const packet::IpAddress& server) const {
  const auto at = next_hops_.find(server);
  return at != next_hops_.end() ? &at->second : nullptr;
}

std::optional<Director::Way> Director::way_to(const packet::IpAddress& server) const {
  const NextHop* const hop = find_next_hop(server);
  if (hop == nullptr || !hop->mac) return std::nullopt;
  const auto port = std::ranges::find(ports_, hop->interface_name, &PortEntry::name);
  if (port == ports_.end()) return std::nullopt;
  return Way{*hop->mac, port->mac, port->index};
}

std::unique_ptr<const core::Snapshot> Director::build_snapshot() {
  core::SnapshotBuilder builder{ownership_};
  for (const PortEntry& port : ports_) builder.set_port(port.index, port.mac);
  for (const auto& [port, macs] : virtual_macs_) {
    for (const core::VirtualMac& mac : macs) builder.add_virtual_mac(port, mac);
  }
  builder.set_timeouts(core::StateTimeouts{timeouts_.tcp, timeouts_.tcp_fin, timeouts_.udp});
  builder.set_expire_nodest_conn(expire_nodest_conn_);
  builder.set_sync_policy(sync_policy_);
  builder.set_sync_flow(sync_flow_);
  builder.set_sloppy_tcp(sloppy_tcp_);
  builder.set_expected_adverts(adverts_);
  for (const packet::IpAddress& address : check_targets_) builder.add_check_target(address);
  std::uint16_t place = 0;
  for (auto& [key, service] : services_) {
    core::MembersChange now = members_of(service);
    for (const auto& [id, server] : now.servers) builder.set_server(id, server);
    if (!service.configured) continue;
    service.place = place++;
    builder.add_service({.endpoint = service.endpoint,
                         .protocol = service.protocol,
                         .virtual_id = service.id,
                         .scheduler = kind_of(service.scheduler),
                         .scheduler_slot = index_of(service.id),
                         .generation = service.generation,
                         .members = std::move(now.members),
                         .room = service.servers.size(),
                         .owner = owner_of(service.endpoint.address),
                         .maglev_flags = {service.maglev_flags.port, service.maglev_flags.fallback},
                         .maglev = std::move(now.maglev)});
  }
  draft_ = builder.build();
  return std::make_unique<const core::Snapshot>(*draft_);
}

std::unique_ptr<const core::Snapshot> Director::snapshot_with_new_rows() {
  return draft_ != nullptr ? std::make_unique<const core::Snapshot>(*draft_) : build_snapshot();
}

core::MembersChange Director::members_of(Service& service) const {
  core::MembersChange now{.servers = {}, .members = {}, .generation = service.generation, .maglev = {}};
  std::vector<const Server*> members;
  for (const auto& [endpoint, server] : service.servers) {
    now.servers.emplace_back(server.id, forwarding_of(server));
    if (server.in_service && service.configured) members.push_back(&server);
  }
  std::ranges::sort(members, std::greater{}, &Server::added);
  for (const Server* member : members) now.members.push_back(member->id);
  if (service.scheduler == config::Scheduler::kMaglev) {
    follow_members(service, members);
    now.maglev = service.maglev;
  }
  return now;
}

// A new table only for other servers or weights: a build of everything keeps the tables that are right.
void Director::follow_members(Service& service, std::span<const Server* const> members) {
  std::vector<core::MaglevTable::Member> in_table;
  for (const Server* const member : members) {
    in_table.push_back({member->id, core::MaglevTable::key_of(member->endpoint), member->last_weight});
  }
  if (service.maglev != nullptr && service.maglev->members() == in_table) return;
  service.maglev = std::make_shared<const core::MaglevTable>(in_table);
}

core::OwnerId Director::owner_of(const packet::IpAddress& vip) const {
  const auto at = owners_.find(vip);
  return at != owners_.end() ? at->second : core::kAlwaysOurs;
}

core::RealServer Director::forwarding_of(const Server& server) const {
  core::RealServer forwarding{};
  forwarding.available = server.in_service;
  forwarding.weight = server.weight;
  forwarding.upper_threshold = server.upper_threshold;
  forwarding.lower_threshold = server.lower_threshold;
  const NextHop* const hop = find_next_hop(server.endpoint.address);
  if (hop == nullptr) return forwarding;
  forwarding.local = hop->is_local();
  const auto way = way_to(server.endpoint.address);
  if (!way) return forwarding;
  forwarding.resolved = true;
  forwarding.unreachable = !hop->takes_new_connections();
  forwarding.destination = way->destination;
  forwarding.source = way->source;
  forwarding.egress = way->egress;
  if (hop->mtu != 0) forwarding.mtu = static_cast<std::uint16_t>(std::min<std::uint32_t>(hop->mtu, 65535));
  return forwarding;
}

bool Director::collect(Clock::time_point now) {
  bool forgotten = false;
  for (auto at = services_.begin(); at != services_.end();) {
    Service& service = at->second;
    forgotten |= collect_servers(service, now);
    if (service.configured || !service.servers.empty()) {
      ++at;
      continue;
    }
    by_virtual_id_[index_of(service.id)] = nullptr;
    virtual_ids_.give_back(index_of(service.id));
    at = services_.erase(at);
    forgotten = true;
  }
  if (forgotten) forget_next_hops();
  return forgotten;
}

// Those of addresses that no server has any more: when one comes back, what was known about it may be long out of date.
void Director::forget_next_hops() {
  const std::vector<packet::IpAddress> followed = server_addresses();
  std::erase_if(next_hops_, [&](const auto& entry) { return !std::ranges::binary_search(followed, entry.first); });
}

bool Director::collect_servers(Service& service, Clock::time_point now) {
  const std::size_t before = service.servers.size();
  for (auto at = service.servers.begin(); at != service.servers.end();) {
    Server& server = at->second;
    if (!may_be_forgotten(server, now)) {
      ++at;
      continue;
    }
    service.retired += traffic_of(server);
    by_server_id_[index_of(server.id)] = nullptr;
    server_ids_.give_back(index_of(server.id));
    at = service.servers.erase(at);
  }
  return service.servers.size() != before;
}

bool Director::may_be_forgotten(Server& server, Clock::time_point now) const {
  if (server.named) return false;
  if (board_.load_of(server.id).total() != 0) {
    server.idle_since = {};
    return false;
  }
  if (server.idle_since == Clock::time_point{}) server.idle_since = now;
  return now - server.idle_since >= kRest;
}

void Director::feed_rates() {
  for (auto& [key, service] : services_) {
    for (auto& [endpoint, server] : service.servers) server.rate.feed(traffic_of(server));
    service.rate.feed(traffic_of(service));
  }
}

std::vector<const Director::Service*> Director::services() const {
  std::vector<const Service*> all;
  for (const auto& [key, service] : services_) all.push_back(&service);
  std::ranges::sort(all, stands_before);
  return all;
}

std::vector<const Director::Server*> Director::servers(const Service& service) {
  std::vector<const Server*> all;
  for (const auto& [endpoint, server] : service.servers) all.push_back(&server);
  std::ranges::sort(all, server_stands_before);
  return all;
}

const Director::Service* Director::find(core::VirtualId id) const { return by_virtual_id_[index_of(id)]; }
const Director::Server* Director::find(core::ServerId id) const { return by_server_id_[index_of(id)]; }

Traffic Director::counted_for(core::ServerId id) const {
  Traffic sum;
  for (unsigned worker = 0; worker < board_.workers(); ++worker) {
    const core::ServerCounters& counters = board_.server(static_cast<core::WorkerIndex>(worker), id);
    sum += {counters.connections.get(), counters.packets.get(), counters.bytes.get()};
  }
  return sum;
}

Traffic Director::traffic_of(const Server& server) const { return counted_for(server.id) - server.baseline; }

Traffic Director::traffic_of(const Service& service) const {
  Traffic sum = service.retired;
  for (const auto& [endpoint, server] : service.servers) sum += traffic_of(server);
  return sum;
}

}  // namespace penstock::control
