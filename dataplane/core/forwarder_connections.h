// TCP and UDP packets to a virtual service: their connection, or a new one. Templates over the address family, for the
// forwarder*.cc files only.
//
// Source of the rules and of their order: Linux net/netfilter/ipvs/ip_vs_core.c (ip_vs_in_hook, ip_vs_schedule) and
// ip_vs_proto_{tcp,udp}.c.
#pragma once

#include "dataplane/core/forwarder_paths.h"
#include "dataplane/core/forwarder_sync.h"

namespace penstock::core {

// Where a server's FTP data connections come from (RFC 959, 3.2). Whatever the protocol and the service, IPVS takes a new flow
// from this port for one of those, and schedules none (ip_vs_schedule, FTPDATA).
inline constexpr std::uint16_t kFtpDataPort = 20;

template <typename Path>
[[gnu::always_inline]] inline Forwarder::Choice Forwarder::choose(const Burst& burst, Frame& frame,
                                                                  const packet::ParsedFrame& parsed, const Lookup& lookup) {
  auto& tracker = Path::tracker(*this);
  const typename Path::Entry::Key key{Path::source(frame, parsed), parsed.source_port, lookup.hit.virtual_id};
  const BucketPair place{lookup.first_bucket, lookup.second_bucket};
  auto* connection = tracker.find(key, place, burst.now);
  if (connection == nullptr) [[unlikely]] {
    if (burst.has_standby) connection = claim<Path>(burst, key, place);
    if (connection == nullptr) return open<Path>(burst, frame, parsed, lookup);
  } else if (burst.has_standby) [[unlikely]] {
    catch_up<Path>(burst, *connection);
  }

  const RealServer& server = burst.snapshot.server(connection->server);
  if ((parsed.tcp_flags & packet::tcp_flag::kSyn) != 0) [[unlikely]] {
    // conn_reuse_mode=1: the client uses its port anew. A one-way flow in FIN_WAIT keeps its server: its last segments may
    // still come.
    const bool ended = connection->state == ConnectionState::kTimeWait || connection->state == ConnectionState::kClose;
    if (ended || (burst.snapshot.expire_nodest_conn() && server.weight == 0)) {
      tracker.end(*connection);
      counters_.rescheduled.add();
      return open<Path>(burst, frame, parsed, lookup);
    }
  }
  if (!server.available) [[unlikely]] {
    if (!burst.snapshot.expire_nodest_conn()) return {.verdict = dropped(DropReason::kServerRemoved)};
    tracker.end(*connection);
    return open<Path>(burst, frame, parsed, lookup);
  }
  account(connection->server, parsed.ip_length);
  const ConnectionState next = state_after(connection->state, parsed.protocol, parsed.tcp_flags);
  if (burst.tells_peer) [[unlikely]]
    note_for_peer(burst, *connection, next);
  tracker.advance(*connection, next, burst.snapshot.timeouts(), burst.now);
  return {.server = connection->server};
}

template <typename Path>
struct Forwarder::Arrival {
  decltype(Path::Entry::key.client()) source;
  std::uint16_t source_port;
  std::uint8_t protocol;
  std::uint8_t tcp_flags;
  std::uint32_t ip_length;
};

// Out of line: a new connection is rare beside the packets of those that exist.
template <typename Path>
[[gnu::noinline]] Forwarder::Choice Forwarder::open(const Burst& burst, Frame& frame, const packet::ParsedFrame& parsed,
                                                    const Lookup& lookup) {
  const Arrival<Path> arrival{Path::source(frame, parsed), parsed.source_port, parsed.protocol, parsed.tcp_flags,
                              parsed.ip_length};
  return begin(burst, arrival, lookup, [&] { return egress_.refuse(frame, parsed, burst.now); });
}

template <typename Path, typename Refuse>
[[gnu::always_inline]] inline Forwarder::Choice Forwarder::begin(const Burst& burst, const Arrival<Path>& arrival,
                                                                 const Lookup& lookup, Refuse refuse) {
  const bool is_tcp = arrival.protocol == packet::ip_protocol::kTcp;
  const auto& source = arrival.source;
  if (Path::is_group(source)) return {.verdict = dropped(DropReason::kSourceIsMulticast)};
  if (Path::is_nobody(source)) return {.verdict = dropped(DropReason::kSourceIsLoopback)};
  if (burst.snapshot.service_table().is_vip(source)) return {.verdict = dropped(DropReason::kSourceIsVip)};
  if (arrival.source_port == kFtpDataPort) return {.verdict = punted(PuntClass::kOther)};
  const std::uint8_t begins = burst.snapshot.sloppy_tcp() ? 0 : packet::tcp_flag::kSyn;
  if (is_tcp && (arrival.tcp_flags & (begins | packet::tcp_flag::kRst)) != begins) {
    // No connection to belong to, and none that it may begin: the kernel resets it.
    if (is_full(burst.now)) return choose_by_hash(burst, arrival, lookup, refuse);
    return {.verdict = punted(PuntClass::kOther)};
  }
  const ServerId server =
      scheduler_.pick(burst.snapshot, burst.snapshot.service(lookup.hit.service), {folded(source), arrival.source_port});
  if (server == kNoServer) return {.verdict = refuse()};

  auto& tracker = Path::tracker(*this);
  const typename Path::Entry::Key key{source, arrival.source_port, lookup.hit.virtual_id};
  auto* const connection = tracker.begin(key, {lookup.first_bucket, lookup.second_bucket}, server, burst.now);
  if (connection == nullptr) {
    note_full(burst.now);
    return choose_by_hash(burst, arrival, lookup, refuse);
  }
  account(server, arrival.ip_length);
  const ConnectionState first = state_after(ConnectionState::kNone, arrival.protocol, arrival.tcp_flags);
  if (burst.tells_peer) note_new_for_peer(burst, *connection, first);
  tracker.advance(*connection, first, burst.snapshot.timeouts(), burst.now);
  return {.server = server};
}

// The table is full of active connections: each packet of a flow without one goes to the same server by the flow's hash.
template <typename Path, typename Refuse>
[[gnu::noinline]] Forwarder::Choice Forwarder::choose_by_hash(const Burst& burst, const Arrival<Path>& arrival,
                                                              const Lookup& lookup, Refuse refuse) {
  const std::uint64_t hash = (std::uint64_t{lookup.second_bucket} << 32) | lookup.first_bucket;
  const ServerId server = Scheduler::pick_by_hash(burst.snapshot, burst.snapshot.service(lookup.hit.service),
                                                  {folded(arrival.source), arrival.source_port}, hash);
  if (server == kNoServer) return {.verdict = refuse()};
  counters_.stateless.add();
  account(server, arrival.ip_length);
  return {.server = server};
}

template <typename Path>
bool Forwarder::owns(const Burst& burst, const Frame& frame, const packet::ParsedFrame& parsed, const Lookup& lookup) {
  const typename Path::Entry::Key key{Path::source(frame, parsed), parsed.source_port, lookup.hit.virtual_id};
  return Path::tracker(*this).find(key, {lookup.first_bucket, lookup.second_bucket}, burst.now) != nullptr;
}

inline void Forwarder::account(ServerId server, std::uint32_t ip_length) {
  board_.server(self_, server).count_packet(ip_length);
}

}  // namespace penstock::core
