// One worker's forwarding: a burst of frames in, a verdict for each out.
//
// The stages, each a loop over the burst: parse (packet/parse.h), find the virtual service and where the connection would lie,
// and prefetch that; then frame by frame the connection (connection_tracker.h), for a new one the server (scheduler.h), and the
// way out (egress.h). A plain packet (packet/plain_frame.h) of an established connection goes the straight path, with nothing
// but that; where anything else is to be thought of, decide() thinks of everything. What is no whole TCP or UDP packet: ICMP
// errors (forwarder_icmp.cc) and fragments (forwarder_fragments.cc), which may have to visit the worker that owns their flow.
// Pure: no socket, no clock, no DPDK; the same object runs in the daemon, in tests and under a fuzzer.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "dataplane/core/advert_gate.h"
#include "dataplane/core/connection_listing.h"
#include "dataplane/core/connection_tracker.h"
#include "dataplane/core/counters.h"
#include "dataplane/core/egress.h"
#include "dataplane/core/fragment_table.h"
#include "dataplane/core/frame.h"
#include "dataplane/core/scheduler.h"
#include "dataplane/core/snapshot.h"
#include "dataplane/core/standby_table.h"
#include "dataplane/core/sync_outbox.h"
#include "dataplane/packet/icmp_quote.h"
#include "dataplane/packet/parse.h"

namespace penstock::core {

// A frame that was held and now has its verdict. The shell carries it out like any other.
struct Released {
  Frame frame;
  Verdict verdict;
};

// Worker-owned: all but the listings is the worker's alone.
class Forwarder {
 public:
  struct Options {
    WorkerIndex self = 0;                 // < CounterBoard::workers()
    std::size_t connections4 = 1U << 20;  // room for so many IPv4 connections
    std::size_t connections6 = 1U << 17;
    // Connection sync; null without it. Both must outlive the forwarder.
    StandbyTables* standby = nullptr;  // of all workers
    SyncOutbox* outbox = nullptr;      // this worker's own
  };

  Forwarder(CounterBoard& board, const Options& options);

  // verdicts[i] becomes what to do with burst[i]. Frames are rewritten in place. Preconditions: burst.size() <= kBurst,
  // verdicts as long as it.
  void process(const Snapshot& snapshot, Tick now, std::span<Frame> burst, std::span<Verdict> verdicts);

  // Once a loop, also without traffic: ends connections and held fragments whose time is up, serves both listings.
  void maintain(const Snapshot& snapshot, Tick now);

  // Gives the connection tables some of the memory that they have not used yet, so that no packet waits for it later: 2 MiB at
  // a time, for a worker without work. @return false: they have all.
  bool populate_some() { return ipv4_.populate_some() || ipv6_.populate_some(); }

  // Moves held frames that have got a verdict to `out`, and says how many; to be called until it says 0.
  [[nodiscard]] std::size_t take_released(std::span<Released> out);

  // The shell's own drops, so that all reasons are counted in one place.
  void on_drop(DropReason reason) { counters_.drops[static_cast<std::size_t>(reason)].add(); }

  // For one asker on another thread.
  [[nodiscard]] ConnectionListing& listing() { return listing_; }
  // The same for the sync thread, so that its dump of all connections and an operator's listing don't wait for each other.
  [[nodiscard]] ConnectionListing& sync_listing() { return sync_listing_; }

 private:
  // What a stage knows of the burst.
  struct Burst {
    const Snapshot& snapshot;
    Tick now;
    bool tells_peer;   // the sync thread wants to know of connections
    bool counts_down;  // SyncPolicy's, where it does
    bool has_standby;  // connections learned from the peer wait for their packets
  };
  // Of a frame that names a virtual service: which one, and where its connection would lie.
  struct Lookup {
    ServiceTable::Hit hit;
    BucketPair place;
  };
  // What the first stage hands on of a plain frame. Of another: no segment, no hit.
  struct Step {
    Lookup lookup;
    Connection4::Key key;
    Connection4* guess;
    std::uint16_t ip_length;
    packet::Segment segment;

    [[nodiscard]] bool is_plain() const { return segment != packet::Segment::kNone; }
  };
  struct Uncommon {
    packet::ParsedFrame parsed;
    Lookup lookup;
  };
  // Half of a burst: its frames, and for each what is known of it and what becomes of it. A bucket takes longer to come from
  // memory than it takes to read a burst: so while one half is forwarded, the other one's are on their way.
  struct Part {
    std::span<Frame> frames;
    std::span<Step> steps;
    Verdict* verdicts;
  };
  // What differs between the families: forwarder_paths.h.
  struct Ipv4Path;
  struct Ipv6Path;

  // forwarder.cc.
  void read(const Snapshot& snapshot, const Part& part);
  void look(const Part& part);
  [[nodiscard]] Lookup look_up(const Snapshot& snapshot, const Frame& frame, const packet::ParsedFrame& parsed);
  // Both: how many of the frames are not forwarded.
  [[nodiscard]] std::size_t take_straight_path(const Burst& context, const Part& part);
  [[nodiscard]] std::size_t take_long_path(const Burst& context, const Part& part);
  enum class Straight : std::uint8_t {
    kForwarded,
    kNew,  // a plain packet to a service of ours that has no connection
    kNo,
  };
  [[nodiscard]] Straight forward_straight(const Burst& burst, const Frame& frame, const Step& step, Verdict& verdict);
  void think(const Burst& burst, Frame& frame, const Step& step, Verdict& verdict);
  void send_first(const Burst& burst, Frame& frame, const Step& step, Verdict& verdict);
  [[nodiscard]] Verdict decide(const Burst& burst, Frame& frame, const packet::ParsedFrame& parsed, const Lookup& lookup);
  [[nodiscard]] Verdict decide_uncommon(const Burst& burst, Frame& frame, const packet::ParsedFrame& parsed);
  [[nodiscard]] Verdict to_kernel(const Burst& burst, const Frame& frame, const packet::ParsedFrame& parsed);
  // Whether the frame is not forwarded; then it is counted by what becomes of it.
  bool is_other(const Verdict& verdict);
  void count(const Verdict& verdict);

  // TCP and UDP packets with their ports: forwarder_connections.h. Which server the packet's connection has or now gets;
  // kNoServer: then `instead` is what becomes of the packet; none: no server takes it, Egress::refuse().
  using Instead = std::optional<Verdict>;
  [[nodiscard]] ServerId choose(const Burst& burst, const Frame& frame, const packet::ParsedFrame& parsed, const Lookup& lookup,
                                Instead& instead);
  template <typename Path>
  [[nodiscard]] ServerId choose(const Burst& burst, const Frame& frame, const packet::ParsedFrame& parsed, const Lookup& lookup,
                                Instead& instead);
  // A packet without a connection: it may begin one.
  template <typename Path>
  [[nodiscard]] ServerId open(const Burst& burst, const Frame& frame, const packet::ParsedFrame& parsed, const Lookup& lookup,
                              Instead& instead);
  template <typename Path>
  [[nodiscard]] ServerId begin(const Burst& burst, const typename Path::Entry::Key& key, packet::Segment segment,
                               std::uint32_t ip_length, const Lookup& lookup, Instead& instead);
  template <typename Path>
  [[nodiscard]] ServerId choose_by_hash(const Burst& burst, const typename Path::Entry::Key& key, std::uint32_t ip_length,
                                        const Lookup& lookup);
  // What becomes of the packet where no server was chosen.
  [[nodiscard]] Verdict without_server(const Burst& burst, Frame& frame, const packet::ParsedFrame& parsed,
                                       const Instead& instead);
  // Whether the frame's connection is in this worker's table.
  template <typename Path>
  [[nodiscard]] bool owns(const Burst& burst, const Frame& frame, const packet::ParsedFrame& parsed, const Lookup& lookup);
  // Connection sync: forwarder_sync.h. A connection learned from the peer, now this worker's; null: there is none, or no room.
  template <typename Path>
  [[nodiscard]] typename Path::Entry* claim(const Burst& burst, const typename Path::Entry::Key& key, BucketPair place);
  // Of a connection that this worker has: what the peer knows better.
  template <typename Path>
  void catch_up(const Burst& burst, typename Path::Entry& entry);
  // What the peer knows of this connection, when its server is one that the snapshot knows.
  template <typename Path>
  [[nodiscard]] std::optional<StandbyConnection> claimed(const Burst& burst, const typename Path::Entry::Key& key);
  // A connection has just been claimed.
  template <typename Entry>
  void note_claimed(const Burst& burst, Entry& entry);
  // The packet is about to take its connection to `next`.
  template <typename Entry>
  void note_for_peer(const Burst& burst, Entry& entry, ConnectionState next);
  template <typename Entry>
  void note_new_for_peer(const Burst& burst, Entry& entry, ConnectionState first);
  template <typename Entry>
  void consider_for_peer(const Burst& burst, Entry& entry, ConnectionState next);
  template <typename Entry>
  void carry_out(const Burst& burst, Entry& entry, ConnectionState next, SyncPolicy::Answer answer);
  template <typename Entry>
  [[nodiscard]] bool tell_peer(const Burst& burst, const Entry& entry, ConnectionState next);
  // Counts the packet as its server's.
  void account(ServerId server, std::uint32_t ip_length);
  void note_full(Tick now) {
    was_full_ = true;
    full_until_ = now + kTicksPerSecond;
  }
  [[nodiscard]] bool is_full(Tick now) { return was_full_ && (was_full_ = !is_past(full_until_, now)); }

  // ICMP errors: forwarder_icmp.cc.
  [[nodiscard]] Verdict forward_icmp(const Burst& burst, Frame& frame, const packet::ParsedFrame& parsed);
  [[nodiscard]] ServerId owner_of_quoted(const packet::IcmpQuote& quote, VirtualId id, Tick now);
  [[nodiscard]] ServerId standby_owner_of_quoted(const Burst& burst, const packet::IcmpQuote& quote, VirtualId id) const;

  // Fragments: forwarder_fragments.cc.
  [[nodiscard]] Verdict forward_fragment(const Burst& burst, Frame& frame, const packet::ParsedFrame& parsed);
  [[nodiscard]] Verdict visit_first_fragment(const Burst& burst, Frame& frame, const packet::ParsedFrame& parsed);
  [[nodiscard]] Verdict forward_first_fragment(const Burst& burst, Frame& frame, const packet::ParsedFrame& parsed,
                                               const DatagramKey& key, std::uint64_t hash);
  [[nodiscard]] Verdict forward_later_fragment(const Burst& burst, Frame& frame, const packet::ParsedFrame& parsed,
                                               const DatagramKey& key, std::uint64_t hash);
  [[nodiscard]] Verdict follow(const Burst& burst, Frame& frame, const packet::ParsedFrame& parsed,
                               const FragmentTable::Outcome& outcome);
  void settle(const Burst& burst, const DatagramKey& key, std::uint64_t hash, const FragmentTable::Outcome& outcome);
  void give_up(const Frame& frame, DropReason reason);
  void give_back(const Frame& frame, const Verdict& verdict);

  // A frame that looks for the worker that owns its connection: on to the next, after this one has looked.
  [[nodiscard]] Verdict ask_next_worker(const Frame& frame) const;
  [[nodiscard]] bool all_have_looked(const Frame& frame) const { return frame.transit.hops + 1U >= board_.workers(); }

  CounterBoard& board_;
  const WorkerIndex self_;
  WorkerCounters& counters_;
  ServerCounters* const servers_;  // by ServerId
  ConnectionTracker<Connection4> ipv4_;
  ConnectionTracker<Connection6> ipv6_;
  // Of the burst at hand; a frame has its place in one of both.
  std::array<Step, kBurst> steps_{};
  std::array<Uncommon, kBurst> uncommon_{};
  AdvertGate adverts_;
  Scheduler scheduler_;
  Egress egress_;
  FragmentTable fragments_;
  ConnectionListing listing_;
  ConnectionListing sync_listing_;
  StandbyTables* const standby_;
  SyncOutbox* const outbox_;
  std::vector<Released> released_;  // capacity for all that can be held: never grows
  Tick full_until_ = 0;             // until then, packets without a connection go by hash: a table was full a moment ago
  bool was_full_ = false;
  Tick last_tick_ = 0;
  std::size_t sweep_debt4_ = 0;  // buckets that are still to be swept for the time gone by
  std::size_t sweep_debt6_ = 0;
};

}  // namespace penstock::core
