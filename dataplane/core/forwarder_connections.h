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
[[gnu::always_inline]] inline ServerId Forwarder::choose(const Burst& burst, const Frame& frame,
                                                         const packet::ParsedFrame& parsed, const Lookup& lookup,
                                                         Instead& instead) {
  auto& tracker = Path::tracker(*this);
  const typename Path::Entry::Key key{Path::source(frame, parsed), parsed.source_port, lookup.hit.virtual_id};
  auto* connection = tracker.find(key, lookup.place, burst.now);
  if (connection == nullptr) [[unlikely]] {
    if (burst.has_standby) connection = claim<Path>(burst, key, lookup.place);
    if (connection == nullptr) return open<Path>(burst, frame, parsed, lookup, instead);
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
      return open<Path>(burst, frame, parsed, lookup, instead);
    }
  }
  if (!server.available) [[unlikely]] {
    if (!burst.snapshot.expire_nodest_conn()) {
      instead = dropped(DropReason::kServerRemoved);
      return kNoServer;
    }
    tracker.end(*connection);
    return open<Path>(burst, frame, parsed, lookup, instead);
  }
  account(connection->server, parsed.ip_length);
  const ConnectionState next = state_after(connection->state, packet::segment_of(parsed.protocol, parsed.tcp_flags));
  if (burst.tells_peer) [[unlikely]]
    note_for_peer(burst, *connection, next);
  tracker.advance(*connection, next, burst.snapshot.timeouts(), burst.now);
  return connection->server;
}

// Out of line: a new connection is rare beside the packets of those that exist.
template <typename Path>
[[gnu::noinline]] ServerId Forwarder::open(const Burst& burst, const Frame& frame, const packet::ParsedFrame& parsed,
                                           const Lookup& lookup, Instead& instead) {
  return begin<Path>(burst, {Path::source(frame, parsed), parsed.source_port, lookup.hit.virtual_id},
                     packet::segment_of(parsed.protocol, parsed.tcp_flags), parsed.ip_length, lookup, instead);
}

template <typename Path>
[[gnu::always_inline]] inline ServerId Forwarder::begin(const Burst& burst, const typename Path::Entry::Key& key,
                                                        packet::Segment segment, std::uint32_t ip_length, const Lookup& lookup,
                                                        Instead& instead) {
  const auto but = [&instead](const Verdict& verdict) {
    instead = verdict;
    return kNoServer;
  };
  const auto& source = key.client();
  if (!Path::is_ordinary(source)) [[unlikely]] {
    if (Path::is_group(source)) return but(dropped(DropReason::kSourceIsMulticast));
    if (Path::is_nobody(source)) return but(dropped(DropReason::kSourceIsLoopback));
  }
  if (burst.snapshot.service_table().is_vip(source)) return but(dropped(DropReason::kSourceIsVip));
  if (key.client_port() == kFtpDataPort) return but(punted(PuntClass::kOther));
  const ConnectionState first = begun_by(segment, burst.snapshot.sloppy_tcp());
  if (first == ConnectionState::kNone) {
    // No connection to belong to, and none that it may begin: the kernel resets it.
    if (is_full(burst.now)) return choose_by_hash<Path>(burst, key, ip_length, lookup);
    return but(punted(PuntClass::kOther));
  }
  const ServerId server = scheduler_.pick(burst.snapshot, burst.snapshot.service(lookup.hit.service),
                                          [&] { return Client{folded(source), key.client_port()}; });
  if (server == kNoServer) return kNoServer;

  auto& tracker = Path::tracker(*this);
  auto* const connection = tracker.begin(key, lookup.place, server, first, ip_length, burst.snapshot.timeouts(), burst.now);
  if (connection == nullptr) {
    note_full(burst.now);
    return choose_by_hash<Path>(burst, key, ip_length, lookup);
  }
  if (burst.tells_peer) note_new_for_peer(burst, *connection, first);
  return server;
}

// The table is full of active connections: each packet of a flow without one goes to the same server by the flow's hash.
template <typename Path>
[[gnu::noinline]] ServerId Forwarder::choose_by_hash(const Burst& burst, const typename Path::Entry::Key& key,
                                                     std::uint32_t ip_length, const Lookup& lookup) {
  const ServerId server = Scheduler::pick_by_hash(burst.snapshot, burst.snapshot.service(lookup.hit.service),
                                                  {folded(key.client()), key.client_port()}, lookup.place.mixed());
  if (server == kNoServer) return kNoServer;
  counters_.stateless.add();
  account(server, ip_length);
  return server;
}

template <typename Path>
bool Forwarder::owns(const Burst& burst, const Frame& frame, const packet::ParsedFrame& parsed, const Lookup& lookup) {
  const typename Path::Entry::Key key{Path::source(frame, parsed), parsed.source_port, lookup.hit.virtual_id};
  return Path::tracker(*this).find(key, lookup.place, burst.now) != nullptr;
}

inline void Forwarder::account(ServerId server, std::uint32_t ip_length) { servers_[index_of(server)].count_packet(ip_length); }

}  // namespace penstock::core
