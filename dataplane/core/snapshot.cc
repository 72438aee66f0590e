#include "dataplane/core/snapshot.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace penstock::core {

bool SyncFlow::takes(const Frame& frame, const packet::ParsedFrame& parsed) const {
  if (parsed.destination_port != port || parsed.protocol != packet::ip_protocol::kUdp || parsed.is_v4() != group.is_v4()) {
    return false;
  }
  const std::byte* const ip = frame.data + parsed.l3_offset;
  return parsed.is_v4() ? packet::overlay<packet::Ipv4Header>(ip).destination == group.v4()
                        : packet::overlay<packet::Ipv6Header>(ip).destination == group.v6();
}

SnapshotBuilder::SnapshotBuilder() {
  static const Ownership kWithoutRouters;
  ownership_ = &kWithoutRouters;
}

void SnapshotBuilder::set_port(PortIndex index, const packet::MacAddress& mac) { ports_.at(index) = {mac, true}; }

void SnapshotBuilder::add_virtual_mac(PortIndex port, const VirtualMac& mac) { virtual_macs_.at(port).add(mac); }

void SnapshotBuilder::set_server(ServerId id, const RealServer& server) {
  if (servers_.size() <= index_of(id)) servers_.resize(index_of(id) + std::size_t{1});
  servers_[index_of(id)] = server.settled();
}

void SnapshotBuilder::add_service(ServiceSpec spec) { services_.push_back(std::move(spec)); }

bool Snapshot::change_members(std::uint16_t index, const MembersChange& change) {
  Service& service = services_[index];
  if (change.members.size() > service.server_room) return false;
  for (const auto& [id, server] : change.servers) {
    if (index_of(id) >= servers_.size()) return false;
  }
  for (const auto& [id, server] : change.servers) servers_[index_of(id)] = server.settled();
  service.generation = change.generation;
  if (service.scheduler == SchedulerKind::kMaglev) maglev_tables_[service.maglev] = change.maglev;
  set_members(service, change.members);
  return true;
}

// Writes them to the service's place, and what follows from them.
void Snapshot::set_members(Service& service, std::span<const ServerId> members) {
  std::ranges::copy(members, members_.begin() + service.first_server);
  service.server_count = static_cast<std::uint32_t>(members.size());
  service.has_thresholds = false;
  service.weight_gcd = 0;
  service.max_weight = 0;
  for (const ServerId id : members) {
    const RealServer& of_member = server(id);
    service.weight_gcd = std::gcd(service.weight_gcd, of_member.weight);
    service.max_weight = std::max(service.max_weight, of_member.weight);
    service.has_thresholds |= of_member.upper_threshold != 0;
  }
  service.weight_gcd = std::max<std::uint32_t>(service.weight_gcd, 1);
  service.takes_turns = service.scheduler == SchedulerKind::kRoundRobin && !members.empty() && !service.has_thresholds;
}

std::unique_ptr<Snapshot> SnapshotBuilder::build() {
  std::unique_ptr<Snapshot> snapshot{new Snapshot{ownership_}};
  snapshot->servers_ = std::move(servers_);
  snapshot->ports_ = ports_;
  snapshot->virtual_macs_ = std::move(virtual_macs_);
  snapshot->timeouts_ = timeouts_;
  snapshot->advert_filter_ = AdvertFilter{std::move(adverts_)};
  snapshot->sync_flow_ = sync_flow_;
  snapshot->expire_nodest_conn_ = expire_nodest_conn_;
  snapshot->sync_policy_ = sync_policy_;
  snapshot->sloppy_tcp_ = sloppy_tcp_;

  const auto ipv4_count =
      std::ranges::count_if(services_, [](const ServiceSpec& spec) { return spec.endpoint.address.is_v4(); }) +
      std::ranges::count_if(check_targets_, [](const packet::IpAddress& address) { return address.is_v4(); });
  const auto ipv4_entries = static_cast<std::size_t>(ipv4_count);
  snapshot->service_table_ = ServiceTable{ipv4_entries, services_.size() + check_targets_.size() - ipv4_entries};
  for (const packet::IpAddress& address : check_targets_) snapshot->service_table_.insert_check_target(address);
  snapshot->services_.reserve(services_.size());
  for (ServiceSpec& spec : services_) {
    Service service{.scheduler = spec.scheduler,
                    .maglev_flags = spec.maglev_flags,
                    .scheduler_slot = spec.scheduler_slot,
                    .first_server = static_cast<std::uint32_t>(snapshot->members_.size()),
                    .server_room = static_cast<std::uint32_t>(std::max(spec.room, spec.members.size())),
                    .generation = spec.generation};
    snapshot->members_.resize(snapshot->members_.size() + service.server_room);
    snapshot->set_members(service, spec.members);
    if (spec.scheduler == SchedulerKind::kMaglev) {
      service.maglev = static_cast<std::uint16_t>(snapshot->maglev_tables_.size());
      snapshot->maglev_tables_.push_back(std::move(spec.maglev));
    }
    const auto index = static_cast<std::uint16_t>(snapshot->services_.size());
    snapshot->services_.push_back(service);
    snapshot->service_table_.insert(spec.endpoint, spec.protocol, {spec.virtual_id, index, spec.owner});
  }
  *this = SnapshotBuilder{*ownership_};
  return snapshot;
}

}  // namespace penstock::core
