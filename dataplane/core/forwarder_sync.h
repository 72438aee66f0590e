// Connection sync on a worker: connections learned from the peer come to life with their first packet here, and the peer is
// told of ours. For the forwarder*.cc files only.
#pragma once

#include "dataplane/core/forwarder_paths.h"

namespace penstock::core {

template <typename Path>
std::optional<StandbyConnection> Forwarder::claimed(const Burst& burst, const typename Path::Entry::Key& key) {
  auto connection = Path::standby(*this).claim(key, burst.now);
  // A server younger than the worker's snapshot: it can't be served by this one, and was never told to be (StandbyTable::put).
  if (connection && index_of(connection->server) >= burst.snapshot.server_slots()) connection.reset();
  return connection;
}

// While the sync thread makes a dump this connection may be where it has been already, and no longer where it is to come: the
// peer is told of it now, whatever becomes of the packet that brings it.
template <typename Entry>
[[gnu::noinline]] void Forwarder::note_claimed(const Burst& burst, Entry& entry) {
  const SyncPolicy& policy = burst.snapshot.sync_policy();
  const bool wanted = burst.tells_peer && outbox_->wants_claimed();
  const bool owed = wanted && !tell_peer(burst, entry, entry.state);
  entry.set_sync_mark(owed ? policy.owed(burst.now) : policy.learned(burst.now));
  counters_.claimed.add();
}

template <typename Path>
[[gnu::noinline]] typename Path::Entry* Forwarder::claim(const Burst& burst, const typename Path::Entry::Key& key,
                                                         BucketPair place) {
  const auto known = claimed<Path>(burst, key);
  if (!known) return nullptr;
  auto* const entry = Path::tracker(*this).adopt(key, place, known->server, known->state, known->expires, burst.now);
  if (entry == nullptr) {
    note_full(burst.now);
    return nullptr;
  }
  note_claimed(burst, *entry);
  return entry;
}

// We were master, lost that, the connection went on by the peer, and we are master again. While its packets come to us the peer
// has nothing newer, so within a tick of the last one nobody is asked.
template <typename Path>
[[gnu::noinline]] void Forwarder::catch_up(const Burst& burst, typename Path::Entry& entry) {
  if (entry.expires == burst.now + burst.snapshot.timeouts()[entry.state]) return;
  const auto known = claimed<Path>(burst, entry.key);
  if (!known || known->only_if_absent) return;
  Path::tracker(*this).move(entry, known->server, known->state);
  note_claimed(burst, entry);
}

template <typename Entry>
[[gnu::always_inline]] inline void Forwarder::note_for_peer(const Burst& burst, Entry& entry, ConnectionState next) {
  if (burst.counts_down && SyncPolicy::needs_no_thought(entry.sync_mark, entry.state, next)) [[likely]] {
    --entry.sync_mark;
  } else {
    consider_for_peer(burst, entry, next);
  }
}

template <typename Entry>
[[gnu::noinline]] void Forwarder::consider_for_peer(const Burst& burst, Entry& entry, ConnectionState next) {
  const StateTimeouts& timeouts = burst.snapshot.timeouts();
  carry_out(burst, entry, next,
            burst.snapshot.sync_policy().on_packet(entry.sync_mark, {.before = entry.state,
                                                                     .after = next,
                                                                     .now = burst.now,
                                                                     .last = entry.expires - timeouts[entry.state],
                                                                     .timeout = timeouts[next]}));
}

template <typename Entry>
[[gnu::noinline]] void Forwarder::note_new_for_peer(const Burst& burst, Entry& entry, ConnectionState first) {
  carry_out(burst, entry, first,
            burst.snapshot.sync_policy().on_first_packet(
                {.after = first, .now = burst.now, .last = burst.now, .timeout = burst.snapshot.timeouts()[first]}));
}

template <typename Entry>
void Forwarder::carry_out(const Burst& burst, Entry& entry, ConnectionState next, SyncPolicy::Answer answer) {
  if (answer.due && !tell_peer(burst, entry, next)) answer.mark = burst.snapshot.sync_policy().owed(burst.now);
  entry.set_sync_mark(answer.mark);
}

// False: there is no room.
template <typename Entry>
[[gnu::always_inline]] inline bool Forwarder::tell_peer(const Burst& burst, const Entry& entry, ConnectionState next) {
  const bool told = outbox_->push({.client = entry.key.client(),
                                   .state = next,
                                   .client_port = entry.key.client_port(),
                                   .virtual_id = entry.key.virtual_id(),
                                   .server = entry.server,
                                   .timeout_seconds = burst.snapshot.timeouts()[next] / kTicksPerSecond});
  (told ? counters_.synced_out : counters_.sync_lost).add();
  return told;
}

}  // namespace penstock::core
