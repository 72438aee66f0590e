// Picks the real server of a new connection: IPVS's rr, wrr, lc, wlc and mh, with the same picks in the same order.
//
// Each worker has its own positions, so that nothing is shared. The connections that lc and wlc compare, and those that
// thresholds limit, are the sums over all workers. mh remembers nothing: its picks follow from the service's table, the client
// and which servers are usable. Source: Linux net/netfilter/ipvs/ip_vs_{rr,wrr,lc,wlc,mh}.c (behaviour), ip_vs_conn.c
// (thresholds).
#pragma once

#include <bitset>
#include <cstdint>

#include "dataplane/core/counters.h"
#include "dataplane/core/huge_array.h"
#include "dataplane/core/snapshot.h"

namespace penstock::core {

// Who asks for a server: all that a pick may depend on.
struct Client {
  std::uint32_t address = 0;  // folded()
  std::uint16_t port = 0;
};

// Worker-owned.
class Scheduler {
 public:
  explicit Scheduler(const CounterBoard& board) : board_{board} {}

  // A server that takes new connections, or kNoServer. `client()`: the Client, for those who look at it. Inline for rr, which
  // costs less than a call.
  template <typename MakeClient>
  [[nodiscard]] ServerId pick(const Snapshot& snapshot, const Service& service, MakeClient client) {
    Position& position = positions_[service.scheduler_slot];
    if (position.generation != service.generation) [[unlikely]]
      follow_change(snapshot, service, position);
    if (service.takes_turns) [[likely]] {
      const std::uint32_t at = position.next < service.server_count ? position.next : 0;
      const ServerId id = snapshot.members(service)[at];
      if (snapshot.server(id).is_open) [[likely]]
        return note_turn(position, at, id);
    }
    return pick_any(snapshot, service, client(), position);
  }

  // For forwarding without a connection entry: the same server for the same flow as long as the list stays as it is, or
  // kNoServer. mh hashes the client as ever, the others take `hash`. Thresholds don't count: a flow keeps its server.
  [[nodiscard]] static ServerId pick_by_hash(const Snapshot& snapshot, const Service& service, Client client,
                                             std::uint64_t hash);

 private:
  // Where one service's rr or wrr stands. All zero: not seen yet.
  struct Position {
    std::uint32_t generation;     // of the service's list when it was last read
    std::uint32_t next;           // rr: the index after the last pick; wrr: the same; 0: at the head
    std::int64_t current_weight;  // wrr: servers of at least this weight are picked in this round
    ServerId last;                // the last pick, by which rr finds its place in a changed list
  };

  void follow_change(const Snapshot& snapshot, const Service& service, Position& position);
  // What pick() has no short way for.
  [[nodiscard]] ServerId pick_any(const Snapshot& snapshot, const Service& service, Client client, Position& position);
  // Thresholds are looked at, and not noted.
  [[nodiscard]] ServerId pick_by_kind(const Snapshot& snapshot, const Service& service, Client client, Position& position);
  static ServerId note_turn(Position& position, std::uint32_t at, ServerId id) {
    position.next = at + 1;
    position.last = id;
    return id;
  }
  [[nodiscard]] ServerId round_robin(const Snapshot& snapshot, const Service& service, Position& position);
  [[nodiscard]] ServerId weighted_round_robin(const Snapshot& snapshot, const Service& service, Position& position);
  [[nodiscard]] ServerId next_in_round(const Snapshot& snapshot, const Service& service, Position& position, std::uint32_t at);
  [[nodiscard]] ServerId least_connection(const Snapshot& snapshot, const Service& service);
  [[nodiscard]] ServerId weighted_least_connection(const Snapshot& snapshot, const Service& service);
  // Whether the server is usable for a new connection now, thresholds included.
  [[nodiscard]] bool may_take(const Service& service, ServerId id, const RealServer& server) {
    return server.is_open && (!service.has_thresholds || !is_overloaded(id, server));
  }
  [[nodiscard]] bool is_overloaded(ServerId id, const RealServer& server);
  void note_pick(ServerId id, const RealServer& server);
  [[nodiscard]] std::uint64_t overhead(ServerId id) const;

  static constexpr std::size_t kPositions = 65536;

  const CounterBoard& board_;
  HugeArray<Position> positions_{kPositions};  // by Service::scheduler_slot
  std::bitset<65536> overloaded_;              // by ServerId: above its upper threshold, and not yet below the lower one
};

}  // namespace penstock::core
