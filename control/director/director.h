// The virtual services and their real servers as they are now: from the configuration and the kernel's next hops to snapshots.
//
// The problem: connections outlive configurations. A server that a reload or a failed check takes out still has connections
// that wait for it, and if it comes back, they go on; an id given to another server too early would send old flows there. So
// what leaves the table is only marked, keeps its ids and counters, and is forgotten by collect() when the configuration
// doesn't name it and no worker has a connection to it any more. Control-owned and pure: no socket, no clock, no DPDK; time
// comes as an argument.
#pragma once

#include <chrono>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/model.h"
#include "control/director/id_pool.h"
#include "control/director/rate_estimator.h"
#include "control/director/traffic.h"
#include "control/netlink/next_hop.h"
#include "dataplane/core/counters.h"
#include "dataplane/core/snapshot.h"

namespace penstock::control {

class Director {
 public:
  using Clock = std::chrono::steady_clock;

  // A service as it is wanted: how it schedules, and who gets its packets.
  struct Key {
    packet::Endpoint endpoint;
    packet::Protocol protocol{};
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Row {
    packet::Endpoint endpoint;
    std::uint32_t weight = 1;  // 0: keeps its connections, gets no new ones
    std::uint32_t upper_threshold = 0;
    std::uint32_t lower_threshold = 0;
  };
  struct Wanted {
    Key key;
    config::Scheduler scheduler{};
    config::MaglevFlags maglev_flags{};
    std::vector<Row> rows;                // in the order of adding
    std::vector<packet::Endpoint> named;  // by the configuration, in its order: each row's and those that are out of service
  };

  struct Server {
    core::ServerId id{};
    packet::Endpoint endpoint;
    std::uint32_t weight = 0;
    std::uint32_t last_weight = 0;  // of its time in service, the last that wasn't 0: mh's table goes by it
    std::uint32_t upper_threshold = 0;
    std::uint32_t lower_threshold = 0;
    bool named = true;               // by the configuration: keeps its id
    bool in_service = false;         // has a row; false: only its old connections remain
    std::uint64_t added = 0;         // grows with each adding: the kernel's schedulers walk the last added first
    std::uint64_t position = 0;      // in the configuration
    Clock::time_point idle_since{};  // not named: since when it was seen without connections
    Traffic baseline;                // what its id had counted for another server before
    RateEstimator rate;
  };
  struct Service {
    packet::Endpoint endpoint;
    packet::Protocol protocol{};
    core::VirtualId id{};
    config::Scheduler scheduler{};
    config::MaglevFlags maglev_flags{};
    bool configured = true;
    std::uint32_t generation = 0;
    std::uint64_t position = 0;
    std::map<packet::Endpoint, Server> servers;
    std::uint16_t place = 0;                          // in the draft
    std::shared_ptr<const core::MaglevTable> maglev;  // mh: as last made, for all snapshots until its servers change
    Traffic retired;                                  // of servers that are forgotten
    RateEstimator rate;
  };

  // What a configuration changed, for one line in the log.
  struct Changes {
    unsigned services_added = 0;
    unsigned services_removed = 0;
    unsigned servers_added = 0;
    unsigned servers_removed = 0;
    unsigned servers_changed = 0;

    [[nodiscard]] bool any() const {
      return services_added + services_removed + servers_added + servers_removed + servers_changed != 0;
    }
  };

  // An id is given to another server only this long after its last connection: longer than any worker remembers a fragmented
  // datagram.
  static constexpr std::chrono::seconds kRest{30};

  // `board` must outlive the director.
  // `ownership` likewise; it must outlive the snapshots, too.
  Director(const core::CounterBoard& board, const core::Ownership& ownership);

  // Ports are known before the first snapshot and don't change: their name as in the configuration, their place and MAC.
  void add_port(const std::string& name, core::PortIndex index, const packet::MacAddress& mac);

  // Whether there are ids for all that these services name.
  [[nodiscard]] std::expected<void, std::string> check_room(std::span<const Wanted> services) const;
  // Makes the services these. On an error (more services or servers than there are ids) nothing has changed.
  [[nodiscard]] std::expected<Changes, std::string> apply(std::span<const Wanted> services);
  // Makes one service's table these rows. Precondition: the service is configured and names each row's endpoint.
  Changes set_rows(const Key& service, std::span<const Row> rows);
  // Which virtual router decides about an address; addresses that aren't named are always ours.
  void set_owners(std::unordered_map<packet::IpAddress, core::OwnerId> owners) { owners_ = std::move(owners); }
  // The MAC addresses that a port takes frames for besides its own.
  void set_virtual_macs(core::PortIndex port, std::vector<core::VirtualMac> macs) { virtual_macs_[port] = std::move(macs); }
  void set_timeouts(const config::LvsTimeouts& timeouts) { timeouts_ = timeouts; }
  // What adverts our virtual routers can believe.
  void set_expected_adverts(std::vector<core::ExpectedAdvert> adverts) { adverts_ = std::move(adverts); }
  // Whose packets are answers to our own checks: they have a way to the kernel that no flood of other packets fills.
  void set_check_targets(std::vector<packet::IpAddress> addresses) { check_targets_ = std::move(addresses); }
  // When the peer is told of a connection.
  void set_sync_policy(const core::SyncPolicy& policy) { sync_policy_ = policy; }
  // By what connection sync comes in.
  void set_sync_flow(const core::SyncFlow& flow) { sync_flow_ = flow; }
  void set_expire_nodest_conn(bool on) { expire_nodest_conn_ = on; }
  void set_sloppy_tcp(bool on) { sloppy_tcp_ = on; }

  // The addresses whose next hops are to be followed: of all servers, the removed ones that still have connections included.
  [[nodiscard]] std::vector<packet::IpAddress> server_addresses() const;
  void set_next_hop(const packet::IpAddress& server, const NextHop& next_hop) { next_hops_[server] = next_hop; }
  [[nodiscard]] const NextHop* find_next_hop(const packet::IpAddress& server) const;
  // How a frame reaches a server; nothing while its MAC address isn't known, or when it isn't behind a port.
  struct Way {
    packet::MacAddress destination;
    packet::MacAddress source;
    core::PortIndex egress = 0;
  };
  [[nodiscard]] std::optional<Way> way_to(const packet::IpAddress& server) const;

  // The present state, for the workers.
  [[nodiscard]] std::unique_ptr<const core::Snapshot> build_snapshot();
  // The same when nothing but set_rows() was called since build_snapshot(): a copy with those rows changed, many times cheaper.
  [[nodiscard]] std::unique_ptr<const core::Snapshot> snapshot_with_new_rows();

  // Forgets what is no longer configured and has had no connection for kRest. Precondition: every worker has seen the last
  // snapshot built. True when something was forgotten, so that server_addresses() is another.
  bool collect(Clock::time_point now);

  // Once each RateEstimator::kPeriod.
  void feed_rates();

  // In the configuration's order; services that are no longer configured last.
  [[nodiscard]] std::vector<const Service*> services() const;
  [[nodiscard]] static std::vector<const Server*> servers(const Service& service);
  [[nodiscard]] const Service* find(core::VirtualId id) const;
  [[nodiscard]] const Server* find(core::ServerId id) const;
  [[nodiscard]] Traffic traffic_of(const Server& server) const;
  [[nodiscard]] Traffic traffic_of(const Service& service) const;  // those of its forgotten servers included
  [[nodiscard]] core::CounterBoard::Load load_of(const Server& server) const { return board_.load_of(server.id); }
  [[nodiscard]] const config::LvsTimeouts& timeouts() const { return timeouts_; }

 private:
  struct PortEntry {
    std::string name;
    core::PortIndex index;
    packet::MacAddress mac;
  };

  Service& adopt(const Wanted& wanted, std::uint64_t position, Changes& changes);
  void adopt_names(Service& service, std::span<const packet::Endpoint> named);
  void adopt_rows(Service& service, std::span<const Row> rows, Changes& changes);
  void adopt_row(Service& service, const Row& row, Changes& changes);
  static void retire_rows(Service& service, std::span<const Row> kept, Changes& changes);
  [[nodiscard]] core::RealServer forwarding_of(const Server& server) const;
  [[nodiscard]] core::MembersChange members_of(Service& service) const;
  static void follow_members(Service& service, std::span<const Server* const> members);
  [[nodiscard]] Traffic counted_for(core::ServerId id) const;
  void forget_next_hops();
  bool collect_servers(Service& service, Clock::time_point now);
  [[nodiscard]] bool may_be_forgotten(Server& server, Clock::time_point now) const;

  [[nodiscard]] core::OwnerId owner_of(const packet::IpAddress& vip) const;

  const core::CounterBoard& board_;
  const core::Ownership& ownership_;
  std::vector<PortEntry> ports_;
  std::map<Key, Service> services_;
  std::unordered_map<packet::IpAddress, NextHop> next_hops_;
  std::vector<const Service*> by_virtual_id_;
  std::vector<const Server*> by_server_id_;
  std::vector<packet::IpAddress> check_targets_;
  std::vector<core::ExpectedAdvert> adverts_;
  std::unordered_map<packet::IpAddress, core::OwnerId> owners_;
  std::map<core::PortIndex, std::vector<core::VirtualMac>> virtual_macs_;
  config::LvsTimeouts timeouts_;
  core::SyncPolicy sync_policy_;
  core::SyncFlow sync_flow_;
  bool expire_nodest_conn_ = false;
  bool sloppy_tcp_ = false;
  IdPool virtual_ids_{1, 65535};
  IdPool server_ids_{0, 65534};
  std::uint64_t additions_ = 0;
  std::unique_ptr<core::Snapshot> draft_;  // as last built, and set_rows() since; none: that had no room for the rows
};

}  // namespace penstock::control
