// Connections learned from the peer that no packet has used here yet: the sync thread puts them in, and after a takeover the
// worker that gets a connection's packet claims it and goes on with an entry of its own.
//
// The problem: which worker will get a flow is the device's secret, so all workers must find all of these connections, exactly
// one must get each, and no worker may wait for the sync thread, which can lose its processor at any instruction. The idea: a
// two-choice bucketed table without moves. A bucket's header is one atomic word, a bit for each slot that has a connection and
// a version. A slot's words are written only while its bit is clear, and setting a bit counts the version up. So whoever finds
// the header as it was before he read a slot has read it whole; and to clear the bit in exactly that header is to get the
// connection. An update is written into a free slot of the same bucket, and one exchange of the header swaps the two.
//
// The memory model: a slot's words are atomics, stored with release and loaded with acquire. A reader who loads a word of a
// later use of the slot therefore sees a header that is at least as late as the one that freed it, and his comparison fails;
// no header ever comes back. It is Boehm's reader ("Can seqlocks get along with programming language memory models?", 2012)
// without fences, which ThreadSanitizer doesn't know; on x86 all of these are plain moves.
//
// The limits: fixed size. A connection with no room in its two buckets is refused; without moves that needs room to spare, so
// that it happens to fewer than one in a million (kConnectionsPerBucket).
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "dataplane/core/bucket_pair.h"
#include "dataplane/core/connection.h"
#include "dataplane/core/counters.h"
#include "dataplane/core/huge_array.h"
#include "dataplane/core/keyed_hash.h"

namespace penstock::core {

struct StandbyConnection {
  ServerId server = kNoServer;
  ConnectionState state{};
  bool only_if_absent = false;  // learned from a dump: says nothing against a connection that a worker has already
  Tick expires = 0;

  friend bool operator==(const StandbyConnection&, const StandbyConnection&) = default;
};

// `KeyType`: ConnectionKey4 or ConnectionKey6. One writer (the sync thread), any number of workers and readers.
template <typename KeyType>
class StandbyTable {
 public:
  using Key = KeyType;
  enum class Put : std::uint8_t { kInserted, kUpdated, kFull };

  // A bucket is a pair of cache lines: with one line alone, 3 slots for IPv4 and 2 for IPv6, a table that refuses as rarely
  // needs 3 and 5 times the memory.
  static constexpr std::size_t kSlots = (128 - 8) / (sizeof(Key) + 8);
  // How many connections a bucket may have on average so that fewer than one in 10^6 are refused while others come and go. By
  // the differential equations of two-choice allocation (Mitzenmacher, 2001) it is one in 10^11 with 7 slots, in 7*10^7 with 4.
  static constexpr std::size_t kConnectionsPerBucket = kSlots >= 7 ? 3 : 1;

  // Room for `connections`, whose memory is touched as it is used, or by populate(). `counters` must outlive the table.
  StandbyTable(std::size_t connections, StandbyCounters& counters)
      : buckets_(std::max<std::size_t>(2, (connections + kConnectionsPerBucket - 1) / kConnectionsPerBucket)),
        counters_{counters} {}

  // The writer's side. ----

  // HugeArray::populate_some() until all is there.
  void populate() {
    while (buckets_.populate_some()) {
    }
  }

  // From now on a worker may claim it, so its server must be in the snapshot that the workers have; what was known of this key
  // is replaced. kFull: refused. `now`: whose time is up gives way.
  Put put(const Key& key, const StandbyConnection& connection, Tick now) {
    const BucketPair place = place_of(key);
    enter(connection);  // first, or a quick claim would count below nothing
    if (const auto old = look_up(key, place)) {
      const bool was_there = replace(*old, key, connection);
      if (was_there) leave(old->connection);
      return was_there ? Put::kUpdated : Put::kInserted;
    }
    Bucket* const bucket = with_room(place, now);
    if (bucket == nullptr) {
      leave(connection);
      return Put::kFull;
    }
    const unsigned slot = free_slot(*bucket);
    write(*bucket, slot, key, connection);
    publish(*bucket, slot, 0);
    return Put::kInserted;
  }

  // What no worker has claimed, even when its time is up.
  [[nodiscard]] std::optional<StandbyConnection> find(const Key& key) const {
    const auto found = look_up(key, place_of(key));
    return found ? std::optional{found->connection} : std::nullopt;
  }

  // False: it isn't there, or a worker was quicker.
  bool erase(const Key& key) {
    const auto found = look_up(key, place_of(key));
    return found && withdraw(*found);
  }

  // Looks at the next `count` buckets, round and round; takes out each connection whose time is up and calls ended(key,
  // connection).
  template <typename Ended>
  void sweep(std::size_t count, Tick now, Ended ended) {
    for (; count > 0; --count) {
      for_each_found(sweep_position_, [&](const Key& key, const Found& found) {
        if (is_past(found.connection.expires, now) && withdraw(found)) ended(key, found.connection);
      });
      if (++sweep_position_ == buckets_.size()) sweep_position_ = 0;
    }
  }

  // Any thread's. ----

  // Calls visit(key, connection) for each in bucket `index` (0 to bucket_count() - 1), even one whose time is up.
  template <typename Visit>
  void for_each_in(std::size_t index, Visit visit) const {
    for_each_found(index, [&](const Key& key, const Found& found) { visit(key, found.connection); });
  }

  // The connection, out of the table and the caller's from now on: of all who ask, one gets it. Nothing when it isn't there or
  // its time is up.
  [[nodiscard]] std::optional<StandbyConnection> claim(const Key& key, Tick now) {
    const BucketPair place = place_of(key);
    while (const auto found = look_up(key, place)) {
      if (is_past(found->connection.expires, now)) break;
      std::uint64_t header = found->header;
      if (buckets_[found->bucket].header.compare_exchange_strong(header, header & ~bit_of(found->slot),
                                                                 std::memory_order_acq_rel, std::memory_order_relaxed)) {
        leave(found->connection);
        return found->connection;
      }
      // This one or another of the bucket came or went: look again.
    }
    return std::nullopt;
  }

  // The same without taking it.
  [[nodiscard]] std::optional<StandbyConnection> peek(const Key& key, Tick now) const {
    const auto found = look_up(key, place_of(key));
    if (!found || is_past(found->connection.expires, now)) return std::nullopt;
    return found->connection;
  }

  // How many connections wait to be claimed; those whose time is up count until they are swept.
  [[nodiscard]] std::uint64_t unclaimed() const { return unclaimed_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t bucket_count() const { return buckets_.size(); }

 private:
  static constexpr std::size_t kKeyWords = sizeof(Key) / 4;
  static constexpr std::size_t kSlotWords = kKeyWords + 2;
  using KeyWords = std::array<std::uint32_t, kKeyWords>;

  // The header: bit n set: slot n has a connection. Above, the version.
  static constexpr std::uint64_t kVersionStep = std::uint64_t{1} << 8;
  static constexpr std::uint64_t kAllSlots = (std::uint64_t{1} << kSlots) - 1;
  static_assert(kAllSlots < kVersionStep);

  struct alignas(128) Bucket {
    std::atomic<std::uint64_t> header;
    std::array<std::atomic<std::uint32_t>, kSlots * kSlotWords> words;
  };
  static_assert(sizeof(Bucket) == 128 && std::atomic<std::uint64_t>::is_always_lock_free);

  // A connection that was there, whole, while the bucket had this header.
  struct Found {
    std::size_t bucket;
    std::uint64_t header;
    unsigned slot;
    StandbyConnection connection;
  };

  static std::uint64_t bit_of(unsigned slot) { return std::uint64_t{1} << slot; }

  [[nodiscard]] BucketPair place_of(const Key& key) const { return {keyed_hash(key, secret_), buckets_.size()}; }
  [[nodiscard]] std::uint32_t second_of(BucketPair place) const { return place.second(buckets_.size()); }

  static KeyWords key_in(const Bucket& bucket, unsigned slot) {
    KeyWords words;
    for (std::size_t i = 0; i < kKeyWords; ++i) words[i] = bucket.words[slot * kSlotWords + i].load(std::memory_order_acquire);
    return words;
  }
  static StandbyConnection connection_in(const Bucket& bucket, unsigned slot) {
    const std::size_t at = slot * kSlotWords + kKeyWords;
    const std::uint32_t word = bucket.words[at].load(std::memory_order_acquire);
    return {.server = ServerId{static_cast<std::uint16_t>(word)},
            .state = ConnectionState{static_cast<std::uint8_t>(word >> 16)},
            .only_if_absent = word >> 24 != 0,
            .expires = bucket.words[at + 1].load(std::memory_order_acquire)};
  }

  // Precondition: the slot's bit is clear in a header that this thread has seen.
  static void write(Bucket& bucket, unsigned slot, const Key& key, const StandbyConnection& connection) {
    const auto key_words = std::bit_cast<KeyWords>(key);
    const std::size_t at = slot * kSlotWords;
    for (std::size_t i = 0; i < kKeyWords; ++i) bucket.words[at + i].store(key_words[i], std::memory_order_release);
    const std::uint32_t word = index_of(connection.server) | static_cast<std::uint32_t>(connection.state) << 16 |
                               static_cast<std::uint32_t>(connection.only_if_absent) << 24;
    bucket.words[at + kKeyWords].store(word, std::memory_order_release);
    bucket.words[at + kKeyWords + 1].store(connection.expires, std::memory_order_release);
  }

  // Sets the bit of a written slot and clears those in `without`, at once. Which of those were still set.
  static std::uint64_t publish(Bucket& bucket, unsigned slot, std::uint64_t without) {
    std::uint64_t header = bucket.header.load(std::memory_order_relaxed);
    while (!bucket.header.compare_exchange_weak(header, ((header & ~without) | bit_of(slot)) + kVersionStep,
                                                std::memory_order_acq_rel, std::memory_order_relaxed)) {
    }
    return header & without;
  }

  // Clears the bit of a connection: whether it was this thread that did. A slot's bit is set by the writer alone, who calls
  // this: so it is still the same connection.
  static bool clear(Bucket& bucket, unsigned slot) {
    return (bucket.header.fetch_and(~bit_of(slot), std::memory_order_acq_rel) & bit_of(slot)) != 0;
  }

  bool withdraw(const Found& found) {
    if (!clear(buckets_[found.bucket], found.slot)) return false;
    leave(found.connection);
    return true;
  }

  // The new state of a connection in the place of the old one. False: a worker had claimed that meanwhile. Without a free slot
  // in the bucket it can't be found for the moment of the writing.
  bool replace(const Found& old, const Key& key, const StandbyConnection& connection) {
    Bucket& bucket = buckets_[old.bucket];
    if (!is_full(bucket)) {
      const unsigned slot = free_slot(bucket);
      write(bucket, slot, key, connection);
      return publish(bucket, slot, bit_of(old.slot)) != 0;
    }
    const bool was_there = clear(bucket, old.slot);
    write(bucket, old.slot, key, connection);
    publish(bucket, old.slot, 0);
    return was_there;
  }

  static std::uint64_t slots_in_use(const Bucket& bucket) { return bucket.header.load(std::memory_order_acquire) & kAllSlots; }
  static bool is_full(const Bucket& bucket) { return slots_in_use(bucket) == kAllSlots; }
  // Precondition: !is_full(), which only the writer can change.
  static unsigned free_slot(const Bucket& bucket) { return static_cast<unsigned>(std::countr_one(slots_in_use(bucket))); }

  // The emptier of the two buckets; where both are full, one from which what is past its time has gone; null when nothing is.
  [[nodiscard]] Bucket* with_room(BucketPair place, Tick now) {
    const std::uint32_t second = second_of(place);
    const bool first_is_fuller =
        std::popcount(slots_in_use(buckets_[place.first])) > std::popcount(slots_in_use(buckets_[second]));
    Bucket& emptier = buckets_[first_is_fuller ? second : place.first];
    if (!is_full(emptier)) return &emptier;
    for (const std::uint32_t index : {place.first, second}) {
      for_each_found(index, [&](const Key&, const Found& found) {
        if (is_past(found.connection.expires, now)) withdraw(found);
      });
      if (!is_full(buckets_[index])) return &buckets_[index];
    }
    return nullptr;
  }

  [[nodiscard]] std::optional<Found> look_up(const Key& key, BucketPair place) const {
    const auto key_words = std::bit_cast<KeyWords>(key);
    auto found = look_in(place.first, key_words);
    return found ? found : look_in(second_of(place), key_words);
  }

  [[nodiscard]] std::optional<Found> look_in(std::size_t index, const KeyWords& key) const {
    const Bucket& bucket = buckets_[index];
    for (std::uint64_t header = bucket.header.load(std::memory_order_acquire);;) {
      std::optional<Found> found;
      for (std::uint64_t slots = header & kAllSlots; slots != 0; slots &= slots - 1) {
        const auto slot = static_cast<unsigned>(std::countr_zero(slots));
        if (key_in(bucket, slot) != key) continue;
        found = Found{index, header, slot, connection_in(bucket, slot)};
        break;
      }
      const std::uint64_t after = bucket.header.load(std::memory_order_acquire);
      if (after == header) return found;
      header = after;
    }
  }

  // All connections of a bucket as they were at one moment.
  template <typename Visit>
  void for_each_found(std::size_t index, Visit visit) const {
    const Bucket& bucket = buckets_[index];
    std::array<Key, kSlots> keys;
    std::array<Found, kSlots> found;
    std::size_t count = 0;
    for (std::uint64_t header = bucket.header.load(std::memory_order_acquire);;) {
      count = 0;
      for (std::uint64_t slots = header & kAllSlots; slots != 0; slots &= slots - 1, ++count) {
        const auto slot = static_cast<unsigned>(std::countr_zero(slots));
        keys[count] = std::bit_cast<Key>(key_in(bucket, slot));
        found[count] = {index, header, slot, connection_in(bucket, slot)};
      }
      const std::uint64_t after = bucket.header.load(std::memory_order_acquire);
      if (after == header) break;
      header = after;
    }
    for (std::size_t i = 0; i < count; ++i) visit(keys[i], found[i]);
  }

  void enter(const StandbyConnection& connection) {
    counters_.add(connection.server, is_active(connection.state));
    unclaimed_.fetch_add(1, std::memory_order_relaxed);
  }
  void leave(const StandbyConnection& connection) {
    counters_.subtract(connection.server, is_active(connection.state));
    unclaimed_.fetch_sub(1, std::memory_order_relaxed);
  }

  HugeArray<Bucket> buckets_;
  HashSecret secret_ = process_hash_secret();
  StandbyCounters& counters_;
  std::size_t sweep_position_ = 0;  // the writer's
  alignas(64) std::atomic<std::uint64_t> unclaimed_{0};
};

// Those of both families, one object for all workers.
struct StandbyTables {
  StandbyTables(std::size_t connections4, std::size_t connections6, StandbyCounters& counters)
      : ipv4{connections4, counters}, ipv6{connections6, counters} {}

  [[nodiscard]] bool any_unclaimed() const { return ipv4.unclaimed() + ipv6.unclaimed() != 0; }
  // The writer's.
  void populate() {
    ipv4.populate();
    ipv6.populate();
  }

  StandbyTable<ConnectionKey4> ipv4;
  StandbyTable<ConnectionKey6> ipv6;
};

}  // namespace penstock::core
