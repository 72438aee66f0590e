#include "dataplane/core/scheduler.h"

#include <algorithm>
#include <numeric>

namespace penstock::core {
namespace {

// How wrr's current weight follows a change of the weights: net/netfilter/ipvs/ip_vs_wrr.c, ip_vs_wrr_dest_changed.
std::int64_t adapted(std::int64_t current, std::uint32_t gcd, std::uint32_t max) {
  const std::int64_t top = std::int64_t{max} - (std::int64_t{gcd} - 1);
  if (current > top || current == 0) return top;
  if (gcd > 1) return current / gcd * gcd + 1;
  return current;
}

// The kernel learns of its servers one after the other and adapts at each, so where a new service's wrr begins depends on their
// order.
std::int64_t initial_weight(const Snapshot& snapshot, std::span<const ServerId> members) {
  std::int64_t current = 0;
  std::uint32_t gcd = 0;
  std::uint32_t max = 0;
  for (std::size_t i = members.size(); i > 0; --i) {
    const std::uint32_t weight = snapshot.server(members[i - 1]).weight;
    gcd = std::gcd(gcd, weight);
    max = std::max(max, weight);
    current = adapted(current, std::max<std::uint32_t>(gcd, 1), max);
  }
  return current;
}

// mh: the server of the client's slot; if that is not usable and the service falls back, that of the slots to which the
// client's hash leads on.
template <typename Usable>
ServerId pick_by_table(const Snapshot& snapshot, const Service& service, Client client, Usable usable) {
  const MaglevTable* const table = snapshot.maglev_table(service);
  if (table == nullptr) return kNoServer;
  const std::uint32_t key = client.address + (service.maglev_flags.port ? client.port : 0);
  const std::uint32_t first = MaglevTable::slot_of(key);
  const ServerId own = (*table)[first];
  if (own == kNoServer || usable(own)) return own;
  // Where nobody is usable the long search is spared.
  if (!service.maglev_flags.fallback || std::ranges::none_of(snapshot.members(service), usable)) return kNoServer;
  for (std::uint32_t i = 0; i < MaglevTable::kSlots; ++i) {
    const ServerId other = (*table)[MaglevTable::slot_of(key + (first + i) % MaglevTable::kSlots)];
    if (usable(other)) return other;
  }
  return kNoServer;
}

}  // namespace

ServerId Scheduler::pick_any(const Snapshot& snapshot, const Service& service, Client client, Position& position) {
  const ServerId id = pick_by_kind(snapshot, service, client, position);
  if (service.has_thresholds && id != kNoServer) note_pick(id, snapshot.server(id));
  return id;
}

ServerId Scheduler::pick_by_kind(const Snapshot& snapshot, const Service& service, Client client, Position& position) {
  switch (service.scheduler) {
    case SchedulerKind::kRoundRobin: return round_robin(snapshot, service, position);
    case SchedulerKind::kWeightedRoundRobin: return weighted_round_robin(snapshot, service, position);
    case SchedulerKind::kLeastConnection: return least_connection(snapshot, service);
    case SchedulerKind::kWeightedLeastConnection: return weighted_least_connection(snapshot, service);
    case SchedulerKind::kMaglev:
      return pick_by_table(snapshot, service, client, [&](ServerId id) { return may_take(service, id, snapshot.server(id)); });
  }
  return kNoServer;
}

ServerId Scheduler::round_robin(const Snapshot& snapshot, const Service& service, Position& position) {
  const auto members = snapshot.members(service);
  std::uint32_t at = position.next;
  for (std::size_t tried = 0; tried < members.size(); ++tried, ++at) {
    if (at >= members.size()) at = 0;
    const ServerId id = members[at];
    if (may_take(service, id, snapshot.server(id))) return note_turn(position, at, id);
  }
  return kNoServer;
}

ServerId Scheduler::pick_by_hash(const Snapshot& snapshot, const Service& service, Client client, std::uint64_t hash) {
  if (service.scheduler == SchedulerKind::kMaglev) {
    return pick_by_table(snapshot, service, client, [&](ServerId id) { return snapshot.server(id).is_open; });
  }
  const auto members = snapshot.members(service);
  if (members.empty()) return kNoServer;
  const std::size_t first = hash % members.size();
  for (std::size_t tried = 0; tried < members.size(); ++tried) {
    const ServerId id = members[(first + tried) % members.size()];
    if (snapshot.server(id).is_open) return id;
  }
  return kNoServer;
}

// rr goes on after the server that it picked last, or, if that is gone, after the one before it. wrr begins again at the head.
void Scheduler::follow_change(const Snapshot& snapshot, const Service& service, Position& position) {
  const auto members = snapshot.members(service);
  const bool is_new = position.generation == 0;
  position.generation = service.generation;
  if (service.scheduler == SchedulerKind::kWeightedRoundRobin) {
    position.next = 0;
    position.current_weight =
        is_new ? initial_weight(snapshot, members) : adapted(position.current_weight, service.weight_gcd, service.max_weight);
    return;
  }
  if (position.next == 0) return;
  const auto found = std::ranges::find(members, position.last);
  if (found != members.end()) {
    position.next = static_cast<std::uint32_t>(found - members.begin()) + 1;
  } else {
    // Only once: where nobody can be picked there may be many changes until the next pick, and the server may come back.
    position.next = std::min(position.next - 1, service.server_count);
    position.last = position.next == 0 ? kNoServer : members[position.next - 1];
  }
}

// Rounds of falling weight: in each, all servers of at least the current weight have their turn. The kernel goes through every
// round in between, which may be as many as there are weights; here a round in which nobody can have a turn is leapt over.
ServerId Scheduler::weighted_round_robin(const Snapshot& snapshot, const Service& service, Position& position) {
  const std::int64_t step = service.weight_gcd;
  const std::int64_t top = std::int64_t{service.max_weight} - (step - 1);
  if (top <= 0) return kNoServer;
  if (const ServerId id = next_in_round(snapshot, service, position, position.next); id != kNoServer) return id;

  std::int64_t heaviest = 0;
  for (const ServerId id : snapshot.members(service)) {
    const RealServer& server = snapshot.server(id);
    if (server.weight > heaviest && may_take(service, id, server)) heaviest = server.weight;
  }
  if (heaviest == 0) {
    // Where the kernel's search in vain ends: at the head, before a first round; but where it began, in the last round, when it
    // began within a last round.
    if (position.next == 0 || position.current_weight > step) {
      position.next = 0;
      position.current_weight = top;
    } else {
      position.current_weight = 1;
    }
    return kNoServer;
  }
  position.current_weight -= step;
  if (position.current_weight <= 0) position.current_weight = top;
  position.current_weight = std::min(position.current_weight, heaviest - (heaviest - 1) % step);
  return next_in_round(snapshot, service, position, 0);
}

// The first server from index `at` on that has a turn in the current round.
ServerId Scheduler::next_in_round(const Snapshot& snapshot, const Service& service, Position& position, std::uint32_t at) {
  const auto members = snapshot.members(service);
  for (; at < service.server_count; ++at) {
    const ServerId id = members[at];
    const RealServer& server = snapshot.server(id);
    if (server.weight >= position.current_weight && may_take(service, id, server)) {
      position.next = at + 1;
      return id;
    }
  }
  return kNoServer;
}

ServerId Scheduler::least_connection(const Snapshot& snapshot, const Service& service) {
  ServerId least = kNoServer;
  std::uint64_t least_overhead = 0;
  for (const ServerId id : snapshot.members(service)) {
    if (!may_take(service, id, snapshot.server(id))) continue;
    const std::uint64_t own = overhead(id);
    if (least == kNoServer || own < least_overhead) {
      least = id;
      least_overhead = own;
    }
  }
  return least;
}

ServerId Scheduler::weighted_least_connection(const Snapshot& snapshot, const Service& service) {
  ServerId least = kNoServer;
  std::uint64_t least_overhead = 0;
  std::uint64_t least_weight = 0;
  for (const ServerId id : snapshot.members(service)) {
    const RealServer& server = snapshot.server(id);
    if (!may_take(service, id, server)) continue;
    const std::uint64_t own = overhead(id);
    // own / weight < least_overhead / least_weight, without the division
    if (least == kNoServer || least_overhead * server.weight > own * least_weight) {
      least = id;
      least_overhead = own;
      least_weight = server.weight;
    }
  }
  return least;
}

bool Scheduler::is_overloaded(ServerId id, const RealServer& server) {
  const std::uint64_t total = board_.load_of(id).total();
  const std::uint16_t index = index_of(id);
  if (server.upper_threshold == 0) {
    overloaded_[index] = false;
  } else if (!overloaded_[index]) {
    overloaded_[index] = total >= server.upper_threshold;
  } else if (server.lower_threshold != 0) {
    overloaded_[index] = total >= server.lower_threshold;
  } else {
    overloaded_[index] = total * 4 >= std::uint64_t{server.upper_threshold} * 3;
  }
  return overloaded_[index];
}

// The connection that is about to begin may be the server's last for a while. Looked at now, as the kernel does: before the
// next pick it may have ended again, and the server must come below its lower threshold all the same.
void Scheduler::note_pick(ServerId id, const RealServer& server) {
  if (server.upper_threshold != 0 && board_.load_of(id).total() + 1 >= server.upper_threshold) overloaded_[index_of(id)] = true;
}

// An active connection weighs as 256 inactive ones: include/net/ip_vs.h, ip_vs_dest_conn_overhead.
std::uint64_t Scheduler::overhead(ServerId id) const {
  const CounterBoard::Load load = board_.load_of(id);
  return (load.active << 8) + load.inactive;
}

}  // namespace penstock::core
