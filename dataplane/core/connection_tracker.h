// The life of connections on one worker: begin, state by state, end; and the counts of each server's active and inactive ones.
//
// Source of the rules: Linux net/netfilter/ipvs/ip_vs_conn.c and ip_vs_proto_tcp.c. A connection begins as inactive and counts
// as active while its state is one of those before a FIN or RST; a UDP connection stays inactive. Its time runs anew from each
// packet of the client.
#pragma once

#include <cstdint>

#include "dataplane/core/connection_state.h"
#include "dataplane/core/connection_table.h"
#include "dataplane/core/counters.h"

namespace penstock::core {

// Worker-owned.
template <typename Entry>
class ConnectionTracker {
 public:
  using Key = typename Entry::Key;
  using Place = typename ConnectionTable<Entry>::Place;

  // `in_table`: the worker's counter of connections of this kind, which sweep() sets.
  ConnectionTracker(std::size_t connections, CounterBoard& board, WorkerIndex self, Counter64& in_table)
      : table_{connections}, servers_{board.servers(self)}, evicted_{board.worker(self).evicted}, in_table_{in_table} {}

  [[nodiscard]] Place place_of(const Key& key) const { return table_.place_of(key); }

  // The connection, or null; one whose time is up is ended here. Good until the next begin().
  [[nodiscard]] Entry* find(const Key& key, const Place& place, Tick now) { return alive(table_.find(key, place), now); }
  // `guess`: of ConnectionTable::Map::peek().
  [[nodiscard]] Entry* find(const Key& key, const Place& place, Tick now, Entry* guess) {
    return alive(table_.find(key, place, guess), now);
  }

  // A new connection to `server`, in the state to which its first packet takes it, which counts as the server's. When the table
  // is full, one of those that share its buckets gives way: eviction.h. Null when none does.
  [[nodiscard, gnu::always_inline]] inline Entry* begin(const Key& key, const Place& place, ServerId server,
                                                        ConnectionState first, std::uint32_t ip_length,
                                                        const StateTimeouts& timeouts, Tick now) {
    Entry* const entry = insert(key, place, now);
    if (entry == nullptr) return nullptr;
    entry->expires = now + timeouts[first];
    ServerCounters& counters = be_at(*entry, server, first);
    counters.connections.add();
    counters.count_packet(ip_length);
    return entry;
  }

  // The same for one that began elsewhere: with its server and state, and no new connection of its server's total.
  [[nodiscard]] Entry* adopt(const Key& key, const Place& place, ServerId server, ConnectionState state, Tick expires,
                             Tick now) {
    Entry* const entry = insert(key, place, now);
    if (entry == nullptr) return nullptr;
    entry->expires = expires;
    be_at(*entry, server, state);
    return entry;
  }

  // The connection went on elsewhere: it is now with this server, in this state.
  void move(Entry& entry, ServerId server, ConnectionState state) {
    uncount(entry);
    be_at(entry, server, state);
  }

  // One packet of the client has passed: the next state, and the time runs anew.
  void advance(Entry& entry, ConnectionState next, const StateTimeouts& timeouts, Tick now) {
    entry.expires = now + timeouts[next];
    if (entry.state == next) [[likely]]
      return;
    entry.state = next;
    const bool was_active = entry.counts_as_active != 0;
    if (is_active(next) == was_active) return;
    entry.counts_as_active = was_active ? 0 : 1;
    ServerCounters& counters = of(entry.server);
    (was_active ? counters.active : counters.inactive).subtract();
    (was_active ? counters.inactive : counters.active).add();
  }

  [[gnu::noinline]] void end(Entry& entry) {
    uncount(entry);
    table_.erase(entry);
  }

  // Ends what is past its time in the next `buckets` buckets, and says how many connections there are now.
  void sweep(std::size_t buckets, Tick now) {
    table_.sweep(buckets, now, [this](Entry& entry) { uncount(entry); });
    in_table_.set(table_.used());
  }

  // HugeArray::populate_some() of the table.
  bool populate_some() { return table_.populate_some(); }

  [[nodiscard]] const ConnectionTable<Entry>& table() const { return table_; }
  // For a loop over many keys.
  [[nodiscard]] typename ConnectionTable<Entry>::Map map() { return typename ConnectionTable<Entry>::Map{table_}; }

 private:
  [[nodiscard]] Entry* alive(Entry* entry, Tick now) {
    if (entry == nullptr || !is_past(entry->expires, now)) [[likely]]
      return entry;
    end(*entry);
    return nullptr;
  }

  [[nodiscard, gnu::always_inline]] inline Entry* insert(const Key& key, const Place& place, Tick now) {
    Entry* entry = table_.insert(key, place);
    if (entry == nullptr) [[unlikely]]
      entry = replace(key, place, now);
    return entry;
  }

  [[gnu::noinline]] Entry* replace(const Key& key, const Place& place, Tick now) {
    const auto old = table_.first_to_go(place, now);
    if (old.entry == nullptr) return nullptr;
    uncount(*old.entry);
    evicted_.add();
    return table_.replace(old, key, place);
  }

  [[nodiscard]] ServerCounters& of(ServerId server) { return servers_[index_of(server)]; }

  // Precondition: the connection is not counted. @return the server's counters.
  ServerCounters& be_at(Entry& entry, ServerId server, ConnectionState state) {
    const bool active = is_active(state);
    entry.server = server;
    entry.state = state;
    entry.counts_as_active = active ? 1 : 0;
    ServerCounters& counters = of(server);
    (active ? counters.active : counters.inactive).add();
    return counters;
  }

  void uncount(const Entry& entry) {
    ServerCounters& counters = of(entry.server);
    (entry.counts_as_active != 0 ? counters.active : counters.inactive).subtract();
  }

  ConnectionTable<Entry> table_;
  ServerCounters* const servers_;  // by ServerId
  Counter64& evicted_;
  Counter64& in_table_;
};

}  // namespace penstock::core
