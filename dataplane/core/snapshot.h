// What all workers forward by: virtual services, real servers with their finished Ethernet header, ports, timeouts. Immutable.
//
// Control builds a new one for each change (SnapshotBuilder), publishes its pointer, and frees the old one after an RCU grace
// period. A worker loads the pointer once a burst, so each packet sees all of one snapshot and nothing of another. What must
// outlive a snapshot (connections, counters, round-robin positions) refers to it by the stable ids of ids.h only.
#pragma once

#include <array>
#include <bit>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "dataplane/core/advert_filter.h"
#include "dataplane/core/connection_state.h"
#include "dataplane/core/ids.h"
#include "dataplane/core/maglev_table.h"
#include "dataplane/core/ownership.h"
#include "dataplane/core/service_table.h"
#include "dataplane/core/sync_policy.h"
#include "dataplane/core/virtual_macs.h"
#include "dataplane/packet/mac_address.h"

namespace penstock::core {

// What forwarding to one real server takes: half a cache line. Indexed by ServerId; a server that left the configuration keeps
// its place here (not available) until its last connection has ended.
struct alignas(32) RealServer {
  packet::MacAddress destination;  // of the server, or of the next hop towards it
  packet::MacAddress source;       // of the egress port
  std::uint16_t mtu = 1500;        // bytes of IP packet that reach it
  std::uint16_t straight_mtu = 0;  // of a snapshot: mtu where is_on_the_wire(), else 0
  PortIndex egress = 0;
  bool available : 1 = false;    // in the configuration, and its checks hold
  bool resolved : 1 = false;     // `destination` is known
  bool local : 1 = false;        // the server is the director itself: packets go to the kernel
  bool is_open : 1 = false;      // of a snapshot: takes_new()
  bool unreachable : 1 = false;  // its next hop doesn't answer; `destination` is the last one known, for those that have it
  std::uint32_t weight = 0;
  std::uint32_t upper_threshold = 0;  // connections; 0: no limit
  std::uint32_t lower_threshold = 0;

  // As a snapshot has it.
  [[nodiscard]] RealServer settled() const {
    RealServer server = *this;
    server.straight_mtu = is_on_the_wire() ? mtu : std::uint16_t{0};
    server.is_open = takes_new();
    return server;
  }
  // Whether its connections' packets leave by the wire.
  [[nodiscard]] bool is_on_the_wire() const { return available && resolved && !local; }
  // Whether it may be given new connections, thresholds aside.
  [[nodiscard]] bool takes_new() const { return weight > 0 && available && (local || (resolved && !unreachable)); }
};
static_assert(sizeof(RealServer) == 32);

enum class SchedulerKind : std::uint8_t {
  kRoundRobin,
  kWeightedRoundRobin,
  kLeastConnection,
  kWeightedLeastConnection,
  kMaglev
};

// What `mh` does besides: IPVS's mh-port and mh-fallback.
struct MaglevFlags {
  bool port = false;      // the client's port is hashed, too
  bool fallback = false;  // another server when the client's own can't take it
};

// A virtual service: how it schedules, and over which servers.
struct Service {
  SchedulerKind scheduler{};
  bool has_thresholds = false;
  bool takes_turns = false;  // kRoundRobin, some servers, no thresholds: what Scheduler::pick() has a short way for
  MaglevFlags maglev_flags;
  std::uint16_t maglev = 0;          // kMaglev: which of the tables, see Snapshot::maglev_table()
  std::uint16_t scheduler_slot = 0;  // which of a worker's scheduler positions is this service's: stable like an id
  std::uint32_t first_server = 0;    // into Snapshot::members()
  std::uint32_t server_count = 0;
  std::uint32_t server_room = 0;  // that many places there are from first_server on
  std::uint32_t generation = 0;   // grows with each change of the list or of a weight: a worker then re-reads its position
  std::uint32_t weight_gcd = 1;   // over servers of weight > 0; wrr's step
  std::uint32_t max_weight = 0;
};

// One word, so that a frame's destination is compared at once.
struct alignas(8) PortState {
  packet::MacAddress mac;
  bool present = false;
  std::uint8_t unused = 0;  // so that each byte of the word has a value

  // Whether the frame that begins at `data`, of 8 bytes or more, is to this port's own address.
  [[nodiscard]] bool is_destination_of(const std::byte* data) const {
    static_assert(std::endian::native == std::endian::little, "the last two bytes of each word aren't the address's");
    constexpr unsigned kOthers = 16;
    std::uint64_t begin = 0;
    std::memcpy(&begin, data, sizeof(begin));
    return (std::bit_cast<std::uint64_t>(*this) ^ begin) << kOthers == 0;
  }
};

// What a verdict of a health check changes.
struct MembersChange {
  std::vector<std::pair<ServerId, RealServer>> servers;  // as they are now
  std::vector<ServerId> members;                         // last added first
  std::uint32_t generation = 0;                          // the service's
  std::shared_ptr<const MaglevTable> maglev;             // kMaglev: of these members
};

// By what connection sync comes in, so that it has a way of its own to the kernel.
struct SyncFlow {
  packet::IpAddress group;
  std::uint16_t port = 0;  // 0: there is none

  // Precondition: the frame has ports.
  [[nodiscard]] bool takes(const Frame& frame, const packet::ParsedFrame& parsed) const;
};

class Snapshot {
 public:
  // Before it is published, or in a copy. False where there is no room for as many members, or for a server: nothing has
  // changed then.
  bool change_members(std::uint16_t index, const MembersChange& change);

  [[nodiscard]] const ServiceTable& service_table() const { return service_table_; }
  [[nodiscard]] const Service& service(std::uint16_t index) const { return services_[index]; }
  // The servers of a service, in the order in which the kernel's schedulers would walk them: last added first.
  [[nodiscard]] std::span<const ServerId> members(const Service& service) const {
    return {members_.data() + service.first_server, service.server_count};
  }
  // Of a kMaglev service. Null: none was given, the service has no servers.
  [[nodiscard]] const MaglevTable* maglev_table(const Service& service) const { return maglev_tables_[service.maglev].get(); }
  [[nodiscard]] const RealServer& server(ServerId id) const { return servers_[index_of(id)]; }
  [[nodiscard]] std::size_t server_slots() const { return servers_.size(); }
  // Whether packets to this service are ours to forward. The only thing here that changes: see Ownership.
  [[nodiscard]] bool owns(const ServiceTable::Hit& hit) const { return ownership_->owns(hit.owner); }
  [[nodiscard]] const PortState& port(PortIndex index) const { return ports_[index]; }
  // Whether a frame to this address, which isn't the port's own, is for us: that of a virtual router that is master here. A
  // backup must not take such frames (RFC 9568 section 6.4.2).
  [[nodiscard]] bool takes(PortIndex port, const packet::MacAddress& mac) const {
    const auto owner = virtual_macs_[port].owner_of(mac);
    return owner && ownership_->owns(*owner);
  }
  [[nodiscard]] const StateTimeouts& timeouts() const { return timeouts_; }
  [[nodiscard]] const AdvertFilter& advert_filter() const { return advert_filter_; }
  [[nodiscard]] const SyncFlow& sync_flow() const { return sync_flow_; }
  // IPVS's sysctl of this name: a connection whose server is gone ends at once, instead of waiting for the server to come back.
  [[nodiscard]] bool expire_nodest_conn() const { return expire_nodest_conn_; }
  [[nodiscard]] const SyncPolicy& sync_policy() const { return sync_policy_; }
  // Likewise: any TCP packet but a RST may begin a connection, as after a takeover by a director that knows none.
  [[nodiscard]] bool sloppy_tcp() const { return sloppy_tcp_; }

 private:
  friend class SnapshotBuilder;
  void set_members(Service& service, std::span<const ServerId> members);
  explicit Snapshot(const Ownership* ownership) : ownership_{ownership} {}

  ServiceTable service_table_;
  std::vector<Service> services_;
  std::vector<ServerId> members_;
  std::vector<RealServer> servers_;
  std::vector<std::shared_ptr<const MaglevTable>> maglev_tables_;  // copies of a snapshot share them
  std::array<PortState, kMaxPorts> ports_{};
  std::array<VirtualMacs, kMaxPorts> virtual_macs_;
  StateTimeouts timeouts_;
  AdvertFilter advert_filter_;
  SyncFlow sync_flow_;
  SyncPolicy sync_policy_;
  bool expire_nodest_conn_ = false;
  bool sloppy_tcp_ = false;
  const Ownership* ownership_;
};

// One service as control describes it.
struct ServiceSpec {
  packet::Endpoint endpoint;
  packet::Protocol protocol{};
  VirtualId virtual_id{};  // not 0
  SchedulerKind scheduler{};
  std::uint16_t scheduler_slot = 0;
  std::uint32_t generation = 0;
  std::vector<ServerId> members;  // last added first; each must be given by set_server
  std::size_t room = 0;           // for that many members later, without a new build; at least members.size() there always is
  OwnerId owner = kAlwaysOurs;    // of its address
  MaglevFlags maglev_flags{};
  std::shared_ptr<const MaglevTable> maglev{};  // kMaglev: of `members`
};

class SnapshotBuilder {
 public:
  SnapshotBuilder();  // without virtual routers: every service is always ours
  // `ownership` must outlive the snapshot.
  explicit SnapshotBuilder(const Ownership& ownership) : ownership_{&ownership} {}

  void set_port(PortIndex index, const packet::MacAddress& mac);
  void add_virtual_mac(PortIndex port, const VirtualMac& mac);
  void set_server(ServerId id, const RealServer& server);
  void add_service(ServiceSpec spec);
  void add_check_target(const packet::IpAddress& address) { check_targets_.push_back(address); }
  void set_timeouts(const StateTimeouts& timeouts) { timeouts_ = timeouts; }
  void set_expected_adverts(std::vector<ExpectedAdvert> adverts) { adverts_ = std::move(adverts); }
  void set_sync_flow(const SyncFlow& flow) { sync_flow_ = flow; }
  void set_expire_nodest_conn(bool on) { expire_nodest_conn_ = on; }
  void set_sync_policy(const SyncPolicy& policy) { sync_policy_ = policy; }
  void set_sloppy_tcp(bool on) { sloppy_tcp_ = on; }

  // The snapshot; the builder is empty afterwards. Services are numbered in the order of adding.
  [[nodiscard]] std::unique_ptr<Snapshot> build();

 private:
  const Ownership* ownership_;
  std::vector<RealServer> servers_;
  std::vector<ServiceSpec> services_;
  std::vector<packet::IpAddress> check_targets_;
  std::vector<ExpectedAdvert> adverts_;
  std::array<PortState, kMaxPorts> ports_{};
  std::array<VirtualMacs, kMaxPorts> virtual_macs_;
  StateTimeouts timeouts_;
  SyncFlow sync_flow_;
  SyncPolicy sync_policy_;
  bool expire_nodest_conn_ = false;
  bool sloppy_tcp_ = false;
};

}  // namespace penstock::core
