// A worker's connections: a two-choice bucketed hash table of fixed size (cuckoo hashing), one cache line a bucket.
//
// The problem: a look-up among a million connections must cost one cache miss, an insert must succeed up to a load of 80 or
// 90 %, and a flood must cost no more per packet than ordinary traffic. The idea: each key has two buckets. It goes into the
// first, or into the second, or pushes a connection of these to that one's other bucket, and so on within a bounded search. A
// bucket counts the connections that belong to it and lie elsewhere, so a miss mostly needs one line only. Nothing is ever
// rehashed, grown or moved otherwise.
//
// The limits: pointers to connections are good until the next insert (which may move them). Worker-owned: no other thread may
// touch it. Hashes are keyed with a secret of the process, so outsiders can't choose keys that share their buckets.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "dataplane/core/bucket_match.h"
#include "dataplane/core/bucket_pair.h"
#include "dataplane/core/connection.h"
#include "dataplane/core/eviction.h"
#include "dataplane/core/huge_array.h"
#include "dataplane/core/keyed_hash.h"

namespace penstock::core {

template <typename Entry>
class ConnectionTable {
  struct Bucket;

 public:
  using Key = typename Entry::Key;
  static constexpr std::size_t kSlots = 64 / sizeof(Entry);
  // How full a table may be so that no insert fails. Two-choice hashing with 4 slots a bucket could reach 98 %, with 2
  // only 89.7 (Fernholz and Ramachandran, "The k-orientability thresholds for G(n,p)", 2007).
  static constexpr std::size_t kLoadPercent = kSlots >= 4 ? 90 : 80;

  using Place = BucketPair;

  // Room for `connections` (at least 1) at a load of kLoadPercent.
  explicit ConnectionTable(std::size_t connections)
      : buckets_(std::max<std::size_t>(2, (connections * 100 / kLoadPercent + kSlots) / kSlots)) {}

  // HugeArray::populate_some().
  bool populate_some() { return buckets_.populate_some(); }

  // Where connections lie, by value: a loop over many keys keeps it in registers. Good as long as the table.
  class Map {
   public:
    explicit Map(ConnectionTable& table)
        : secret_{table.secret_},
          buckets_{&table.buckets_[0]},
          count_{table.buckets_.size()},
          is_crowded_{table.used_ >= table.crowded_at_} {}
    [[nodiscard]] Place place_of(const Key& key) const { return {keyed_hash(key, secret_), count_}; }
    // Inlined always: of a function that does nothing but fetch, g++ 12 leaves out the calls.
    [[gnu::always_inline]] void prefetch(const Place& place) const {
      __builtin_prefetch(buckets_ + place.first);
      if (is_crowded_) [[unlikely]]
        __builtin_prefetch(buckets_ + place.second(count_));
    }
    // A look into the key's first bucket: a guess for find(), the connection itself where it lies there. Else its second bucket
    // is fetched if it may lie there, or would have to.
    [[nodiscard]] Entry* peek(const Key& key, const Place& place) const {
      Bucket& first = buckets_[place.first];
      Entry* const entry = first.find(key);
      if (entry != nullptr) [[likely]]
        return entry;
      if (first.overflow() != 0 || first.may_be_full()) __builtin_prefetch(buckets_ + place.second(count_));
      return first.slots.data();
    }

   private:
    HashSecret secret_;
    Bucket* buckets_;
    std::size_t count_;
    bool is_crowded_;
  };

  [[nodiscard]] Place place_of(const Key& key) const { return {keyed_hash(key, secret_), buckets_.size()}; }

  // The connection, even one whose time is up, or null. `guess`: of Map::peek(), before whatever inserts.
  [[nodiscard]] Entry* find(const Key& key, const Place& place, Entry* guess) {
    if (guess->key == key) [[likely]]
      return guess;
    return find(key, place);
  }
  [[nodiscard]] Entry* find(const Key& key, const Place& place) {
    Bucket& first = buckets_[place.first];
    Entry* const entry = first.find(key);
    if (entry != nullptr || first.overflow() == 0) [[likely]]
      return entry;
    return buckets_[second_of(place)].find(key);
  }

  // A new connection with this key and else default values, or null: its two buckets are full, and so is the table to
  // kLoadPercent (else others are moved to make room). A search for room beyond that would cost a flood's every packet dozens
  // of cache misses. The key must not be in the table. Invalidates all pointers.
  [[nodiscard]] Entry* insert(const Key& key, const Place& place) {
    if (Entry* slot = buckets_[place.first].free_slot()) return occupy(*slot, key);
    const std::uint32_t second = second_of(place);
    if (Entry* slot = buckets_[second].free_slot()) return occupy_second(*slot, key, place);
    if (used_ >= full_at_) return nullptr;
    std::uint32_t bucket = 0;
    Entry* const slot = make_room(place, bucket);
    if (slot == nullptr) return nullptr;
    return bucket == place.first ? occupy(*slot, key) : occupy_second(*slot, key, place);
  }

  // A connection and the bucket that it lies in.
  struct Found {
    Entry* entry = nullptr;
    std::uint32_t bucket = 0;
  };

  // Of the connections in the key's two buckets, both full, the one that gives way first; no entry when all stay.
  [[nodiscard]] Found first_to_go(const Place& place, Tick now) {
    const std::array<std::uint32_t, 2> indices{place.first, second_of(place)};
    const unsigned position = core::first_to_go(buckets_[indices[0]].slots, buckets_[indices[1]].slots, now);
    if (position == 2 * kSlots) return {};
    const std::uint32_t index = indices[position / kSlots];
    return {&buckets_[index].slots[position % kSlots], index};
  }

  // Ends a connection that lies in one of the key's two buckets and begins this one in its place, as insert() does. Which of
  // the two, and where the old one belongs, can't be predicted: no branch asks for it.
  Entry* replace(Found old, const Key& key, const Place& place) {
    Entry& slot = *old.entry;
    owe({slot.displaced != 0 ? place_of(slot.key).first : place.first, slot.displaced});
    clear(slot);
    slot.displaced = old.bucket != place.first ? 1 : 0;
    buckets_[place.first].count_overflow(slot.displaced);
    slot.key = key;
    return &slot;
  }

  void erase(Entry& entry) {
    if (entry.displaced != 0) owe({place_of(entry.key).first, 1});
    clear(entry);
    --used_;
  }

  // Does what erase() and replace() have put off.
  void settle() {
    for (Owed& each : owed_) pay(each);
  }

  // Looks at the next `count` buckets, round and round, and calls end(connection) and then erases each whose time is up.
  template <typename End>
  void sweep(std::size_t count, Tick now, End end) {
    for (; count > 0; --count) {
      Bucket& bucket = buckets_[sweep_position_];
      for (unsigned ended = bucket.ended(now); ended != 0; ended &= ended - 1) {
        Entry& entry = bucket.slots[static_cast<unsigned>(std::countr_zero(ended))];
        end(entry);
        erase(entry);
      }
      if (++sweep_position_ == buckets_.size()) {
        sweep_position_ = 0;
        settle();
      }
    }
  }

  // Calls visit(connection) for each in bucket `index` (0 to bucket_count() - 1).
  template <typename Visit>
  void for_each_in(std::size_t index, Visit visit) const {
    for (const Entry& entry : buckets_[index].slots) {
      if (!entry.key.is_free()) visit(entry);
    }
  }

  // The second of a key's two buckets.
  [[nodiscard]] std::uint32_t second_of(const Place& place) const { return place.second(buckets_.size()); }

  [[nodiscard]] std::size_t used() const { return used_; }
  [[nodiscard]] std::size_t bucket_count() const { return buckets_.size(); }
  [[nodiscard]] std::size_t slot_count() const { return buckets_.size() * kSlots; }

 private:
  struct alignas(64) Bucket {
    std::array<Entry, kSlots> slots;

    // How many connections that belong here first lie in their second bucket. It stays at its maximum once it was there: from
    // then on a miss here always looks at both buckets, which is only slower.
    static constexpr unsigned kMaxOverflow = 15;

    [[nodiscard]] unsigned overflow() const { return slots[0].bucket_overflow; }
    void count_overflow(int change) {
      const unsigned count = overflow();
      if (count == kMaxOverflow) return;
      slots[0].bucket_overflow = static_cast<unsigned>(static_cast<int>(count) + change) & kMaxOverflow;
    }
    [[nodiscard]] Entry* find(const Key& key) {
      const unsigned matches = matching(slots, key);
      return matches == 0 ? nullptr : &slots[static_cast<unsigned>(std::countr_zero(matches))];
    }
    [[nodiscard]] Entry* free_slot() { return find(Key{}); }
    // Slots are taken in order, so the last one was free until all others were not.
    [[nodiscard]] bool may_be_full() const { return !slots.back().key.is_free(); }
    // Bit i: slot i has a connection whose time is up. All are judged, because which of them can't be predicted.
    [[nodiscard]] unsigned ended(Tick now) const {
      unsigned ended = 0;
      for (std::size_t i = 0; i < kSlots; ++i) {
        ended |= (static_cast<unsigned>(!slots[i].key.is_free()) & static_cast<unsigned>(is_past(slots[i].expires, now))) << i;
      }
      return ended;
    }
  };
  static_assert(sizeof(Bucket) == 64);

  // One bucket that the search for room has reached: by moving slot `slot` of step `parent` here, a place is freed there.
  struct Step {
    std::uint32_t bucket;
    std::int16_t parent;
    std::uint16_t slot;
  };
  // Buckets that one insert may look at: it fails for fewer than one in 10,000 even at a load of 94 % (4 slots; 2: 85 %).
  static constexpr std::size_t kSearch = 64;

  static void clear(Entry& entry) {
    const unsigned overflow = entry.bucket_overflow;
    entry = Entry{};
    entry.bucket_overflow = overflow & Bucket::kMaxOverflow;
  }

  // A count of overflow that is to go down by `change`, 1 or 0.
  struct Owed {
    std::uint32_t bucket = 0;
    int change = 0;
  };
  void pay(Owed& owed) {
    buckets_[owed.bucket].count_overflow(-owed.change);
    owed.change = 0;
  }
  // That bucket is seldom in the cache: it is fetched, and the count goes down when the next have come. A count that is too
  // high costs whoever misses there a look into another bucket, nothing else.
  void owe(Owed owed) {
    __builtin_prefetch(&buckets_[owed.bucket], 1);
    Owed& oldest = owed_[owed_position_++ % owed_.size()];
    pay(oldest);
    oldest = owed;
  }

  // A slot of the key's first bucket.
  Entry* occupy(Entry& slot, const Key& key) {
    slot.key = key;
    ++used_;
    return &slot;
  }
  // Of its second one.
  Entry* occupy_second(Entry& slot, const Key& key, const Place& place) {
    slot.displaced = 1;
    buckets_[place.first].count_overflow(+1);
    return occupy(slot, key);
  }

  // Breadth-first search for a chain of moves that frees a slot in one of the two buckets; carries it out from its far end.
  [[gnu::noinline]] Entry* make_room(const Place& place, std::uint32_t& freed_bucket) {
    std::array<Step, kSearch> steps;
    steps[0] = {place.first, -1, 0};
    steps[1] = {second_of(place), -1, 0};
    std::size_t count = 2;
    for (std::size_t at = 0; at < count; ++at) {
      Bucket& bucket = buckets_[steps[at].bucket];
      for (std::size_t slot = 0; slot < kSlots; ++slot) {
        const Place other = place_of(bucket.slots[slot].key);
        const std::uint32_t target = other.first == steps[at].bucket ? second_of(other) : other.first;
        if (Entry* room = buckets_[target].free_slot()) {
          return carry_out(steps, at, slot, target, *room, freed_bucket);
        }
        if (count < kSearch && !contains(steps, count, target)) {
          steps[count++] = {target, static_cast<std::int16_t>(at), static_cast<std::uint16_t>(slot)};
        }
      }
    }
    return nullptr;
  }

  static bool contains(const std::array<Step, kSearch>& steps, std::size_t count, std::uint32_t bucket) {
    return std::any_of(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(count),
                       [bucket](const Step& step) { return step.bucket == bucket; });
  }

  Entry* carry_out(const std::array<Step, kSearch>& steps, std::size_t at, std::size_t slot, std::uint32_t target, Entry& room,
                   std::uint32_t& freed_bucket) {
    Entry* hole = &room;
    std::uint32_t hole_bucket = target;
    for (;;) {
      const Step& step = steps[at];
      Entry& from = buckets_[step.bucket].slots[slot];
      move(from, *hole, hole_bucket);
      hole = &from;
      hole_bucket = step.bucket;
      if (step.parent < 0) break;
      slot = step.slot;
      at = static_cast<std::size_t>(step.parent);
    }
    freed_bucket = hole_bucket;
    return hole;
  }

  // Moves a connection to a free slot of its other bucket, and keeps the overflow count of its first one right.
  void move(Entry& from, Entry& to, std::uint32_t to_bucket) {
    const unsigned overflow = to.bucket_overflow;
    const Place place = place_of(from.key);
    to = from;
    to.bucket_overflow = overflow & Bucket::kMaxOverflow;
    to.displaced = to_bucket == place.first ? 0 : 1;
    clear(from);
    if (to_bucket == place.first) {
      buckets_[place.first].count_overflow(-1);
    } else {
      buckets_[place.first].count_overflow(+1);
    }
  }

  HugeArray<Bucket> buckets_;
  HashSecret secret_ = process_hash_secret();
  std::size_t full_at_ = slot_count() * kLoadPercent / 100;
  // So full that others had to give way: then each that begins, and many others, look into both their buckets.
  std::size_t crowded_at_ = slot_count() * (kLoadPercent + 100) / 200;
  std::size_t used_ = 0;
  std::size_t sweep_position_ = 0;
  std::array<Owed, 8> owed_{};
  std::uint32_t owed_position_ = 0;
};

}  // namespace penstock::core
