// Fragments of TCP and UDP packets to a VIP: all of a datagram go where its first one goes.
//
// They meet on one worker, their home, which follows from (source, destination, id, protocol). There the first fragment's
// outcome is remembered (fragment_table.h). The first fragment looks for its connection at home, then at each other worker in
// turn, and comes back home with the server found, or to begin a connection there. The kernel's IPVS sees datagrams reassembled
// instead; what reaches the server is the same.
#include "dataplane/core/forwarder_connections.h"
#include "dataplane/core/punt_class.h"

namespace penstock::core {
namespace {

DatagramKey datagram_of(const Frame& frame, const packet::ParsedFrame& parsed) {
  DatagramKey key{.identification = parsed.fragment_id, .protocol = parsed.protocol, .family = parsed.family};
  const std::byte* const l3 = frame.data + parsed.l3_offset;
  if (parsed.is_v4()) {
    const auto& ip = packet::overlay<packet::Ipv4Header>(l3);
    std::memcpy(key.source.bytes.data(), &ip.source, sizeof(ip.source));
    std::memcpy(key.destination.bytes.data(), &ip.destination, sizeof(ip.destination));
  } else {
    const auto& ip = packet::overlay<packet::Ipv6Header>(l3);
    key.source = ip.source;
    key.destination = ip.destination;
  }
  return key;
}

ServiceTable::Hit vip_of(const Snapshot& snapshot, const Frame& frame, const packet::ParsedFrame& parsed) {
  const std::byte* const l3 = frame.data + parsed.l3_offset;
  return parsed.is_v4() ? snapshot.service_table().find_vip(packet::overlay<packet::Ipv4Header>(l3).destination)
                        : snapshot.service_table().find_vip(packet::overlay<packet::Ipv6Header>(l3).destination);
}

// What a first fragment's verdict means for the others where no server was chosen.
FragmentTable::Outcome outcome_without_server(const Verdict& verdict) {
  using Kind = FragmentTable::Outcome::Kind;
  if (verdict.action == Action::kPunt) return {.kind = Kind::kKernel};
  return {.kind = Kind::kDrop, .reason = verdict.reason};
}

}  // namespace

Verdict Forwarder::forward_fragment(const Burst& burst, Frame& frame, const packet::ParsedFrame& parsed) {
  const ServiceTable::Hit vip = vip_of(burst.snapshot, frame, parsed);
  if (!vip) return punted(punt_class_of(burst.snapshot, frame, parsed));
  if (!burst.snapshot.owns(vip)) return dropped(DropReason::kVipNotOurs);
  const bool is_first = parsed.kind == packet::FrameKind::kFirstFragment;
  if (is_first && frame.transit.kind == Transit::Kind::kSeek) return visit_first_fragment(burst, frame, parsed);

  const DatagramKey key = datagram_of(frame, parsed);
  const std::uint64_t hash = hash_of(key);
  const WorkerIndex home = fragment_home(hash, board_.workers());
  if (home != self_) return {.action = Action::kHandOver, .worker = home, .transit = {.kind = Transit::Kind::kFragment}};
  return is_first ? forward_first_fragment(burst, frame, parsed, key, hash)
                  : forward_later_fragment(burst, frame, parsed, key, hash);
}

// A first fragment from its home, at a worker that may own its connection.
Verdict Forwarder::visit_first_fragment(const Burst& burst, Frame& frame, const packet::ParsedFrame& parsed) {
  const Verdict back{
      .action = Action::kHandOver, .worker = frame.transit.origin, .transit = {.kind = Transit::Kind::kResolved}};
  const Lookup lookup = look_up(burst.snapshot, frame, parsed);
  if (!lookup.hit) return back;
  const bool owned =
      parsed.is_v4() ? owns<Ipv4Path>(burst, frame, parsed, lookup) : owns<Ipv6Path>(burst, frame, parsed, lookup);
  if (!owned) return all_have_looked(frame) ? back : ask_next_worker(frame);
  // The connection takes notice of its packet here; the frame is sent from its home, together with the others.
  Instead instead;
  const ServerId server = choose(burst, frame, parsed, lookup, instead);
  if (server == kNoServer) return without_server(burst, frame, parsed, instead);
  Verdict found = back;
  found.transit.server = server;
  return found;
}

Verdict Forwarder::forward_first_fragment(const Burst& burst, Frame& frame, const packet::ParsedFrame& parsed,
                                          const DatagramKey& key, std::uint64_t hash) {
  const Lookup lookup = look_up(burst.snapshot, frame, parsed);
  if (!lookup.hit) {
    const Verdict verdict = punted(punt_class_of(burst.snapshot, frame, parsed));
    settle(burst, key, hash, outcome_without_server(verdict));
    return verdict;
  }
  Instead instead;
  ServerId server = frame.transit.server;
  if (server == kNoServer) {
    const bool owned =
        parsed.is_v4() ? owns<Ipv4Path>(burst, frame, parsed, lookup) : owns<Ipv6Path>(burst, frame, parsed, lookup);
    const bool all_asked = frame.transit.kind == Transit::Kind::kResolved || board_.workers() == 1;
    if (!owned && !all_asked) return ask_next_worker(frame);
    server = choose(burst, frame, parsed, lookup, instead);
  }
  if (server == kNoServer) {
    const Verdict verdict = without_server(burst, frame, parsed, instead);
    settle(burst, key, hash, outcome_without_server(verdict));
    return verdict;
  }
  const FragmentTable::Outcome outcome{.kind = FragmentTable::Outcome::Kind::kServer, .server = server};
  settle(burst, key, hash, outcome);
  return follow(burst, frame, parsed, outcome);
}

Verdict Forwarder::forward_later_fragment(const Burst& burst, Frame& frame, const packet::ParsedFrame& parsed,
                                          const DatagramKey& key, std::uint64_t hash) {
  const FragmentTable::Outcome outcome = fragments_.find(key, hash, burst.now);
  if (outcome.kind != FragmentTable::Outcome::Kind::kWaiting) {
    if (outcome.kind == FragmentTable::Outcome::Kind::kServer) account(outcome.server, parsed.ip_length);
    return follow(burst, frame, parsed, outcome);
  }
  const bool held = fragments_.hold(key, hash, frame, burst.now,
                                    [this](const Frame& evicted) { give_up(evicted, DropReason::kFragmentHoldFull); });
  return held ? Verdict{.action = Action::kHold} : dropped(DropReason::kFragmentHoldFull);
}

// Where a fragment goes once its datagram's outcome is known.
Verdict Forwarder::follow(const Burst& burst, Frame& frame, const packet::ParsedFrame& parsed,
                          const FragmentTable::Outcome& outcome) {
  switch (outcome.kind) {
    case FragmentTable::Outcome::Kind::kServer: break;
    case FragmentTable::Outcome::Kind::kKernel: return punted(punt_class_of(burst.snapshot, frame, parsed));
    default: return dropped(outcome.reason);
  }
  // Control keeps an id from being given to another server for longer than a datagram is remembered.
  if (index_of(outcome.server) >= burst.snapshot.server_slots()) return dropped(DropReason::kServerRemoved);
  const RealServer& server = burst.snapshot.server(outcome.server);
  if (!server.available) return dropped(DropReason::kServerRemoved);
  counters_.fragments.add();
  return egress_.send(frame, parsed, server, burst.now);
}

// The outcome is known: remember it, and free those that waited for it.
void Forwarder::settle(const Burst& burst, const DatagramKey& key, std::uint64_t hash, const FragmentTable::Outcome& outcome) {
  const auto release = [&](Frame frame) {
    const packet::ParsedFrame parsed = packet::parse_frame(frame.data, frame.length, frame.packet_length);
    if (outcome.kind == FragmentTable::Outcome::Kind::kServer) account(outcome.server, parsed.ip_length);
    give_back(frame, follow(burst, frame, parsed, outcome));
  };
  fragments_.resolve(key, hash, outcome, burst.now, release,
                     [this](const Frame& evicted) { give_up(evicted, DropReason::kFragmentHoldFull); });
}

void Forwarder::give_up(const Frame& frame, DropReason reason) { give_back(frame, dropped(reason)); }

void Forwarder::give_back(const Frame& frame, const Verdict& verdict) {
  count(verdict);
  released_.push_back({frame, verdict});
}

}  // namespace penstock::core
