// What each worker counts, and where others read it. One writer for each number (the worker), any reader, no locked
// instruction.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/core/advert_filter.h"
#include "dataplane/core/counter.h"
#include "dataplane/core/frame.h"
#include "dataplane/core/huge_array.h"
#include "dataplane/core/ids.h"

namespace penstock::core {

// Of one real server on one worker. Bytes are of IP packets, as IPVS counts them.
struct alignas(32) ServerCounters {
  Counter64 connections;
  Counter64 packets;
  Counter64 bytes;
  Counter32 active;    // connections now that count as ActiveConn
  Counter32 inactive;  // and as InActConn

  void count_packet(std::uint32_t ip_length) {
    packets.add();
    bytes.add(ip_length);
  }
};
static_assert(sizeof(ServerCounters) == 32);

// Connections of one server, now.
struct ServerLoad {
  std::uint64_t active = 0;
  std::uint64_t inactive = 0;
  [[nodiscard]] std::uint64_t total() const { return active + inactive; }
};

struct WorkerCounters {
  std::array<Counter64, packet::kDropReasonCount> drops;  // by DropReason
  std::array<Counter64, kActionCount> actions;            // by Action
  std::array<Counter64, kPuntClassCount> punts;           // by PuntClass
  Counter64 connections4;                                 // in the table when the worker last came round
  Counter64 connections6;
  Counter64 evicted;       // connections that gave way in a full table
  Counter64 stateless;     // packets forwarded by hash, without a connection, while the table was full
  Counter64 rescheduled;   // connections whose port was used again (conn_reuse_mode)
  Counter64 fragments;     // fragments forwarded
  Counter64 related_icmp;  // ICMP errors forwarded to their connection's server
  Counter64 synced_out;    // connections told to the sync thread
  Counter64 sync_lost;     // not told because its ring was full: each attempt
  Counter64 claimed;       // connections learned from the peer that came to life here
};

// Frames of protocol 112 that one worker has not handed to the VRRP thread, by virtual router and by what was wrong with them
// (kNone: above the limit of a sender's credible ones). OwnerId 0 counts what is for none of ours.
class AdvertCounters {
 public:
  using Row = std::array<Counter64, kAdvertFaultCount>;

  [[nodiscard]] Row& of(OwnerId router) { return rows_[index_of(router)]; }
  [[nodiscard]] const Row& of(OwnerId router) const { return rows_[index_of(router)]; }

 private:
  HugeArray<Row> rows_{kMaxOwners};
};

// The connections that were learned from the peer and that no worker has yet, by server (StandbyTable): they count for their
// servers like any other. Many writers, so locked instructions; one for each such connection that comes or goes.
class StandbyCounters {
 public:
  void add(ServerId id, bool is_active) { pairs_[index_of(id)].fetch_add(one(is_active), std::memory_order_relaxed); }
  // Precondition: add() of the same happened before.
  void subtract(ServerId id, bool is_active) { pairs_[index_of(id)].fetch_sub(one(is_active), std::memory_order_relaxed); }
  [[nodiscard]] ServerLoad of(ServerId id) const {
    const std::uint64_t pair = pairs_[index_of(id)].load(std::memory_order_relaxed);
    return {.active = pair >> 32, .inactive = pair & 0xffff'ffff};
  }

 private:
  static std::uint64_t one(bool is_active) { return is_active ? std::uint64_t{1} << 32 : 1; }

  HugeArray<std::atomic<std::uint64_t>> pairs_{65536};  // by ServerId: active in the high half, inactive in the low one
};

// The counters of all workers. Made once at start, before the workers; lives longer than they do.
class CounterBoard {
 public:
  explicit CounterBoard(unsigned workers);

  [[nodiscard]] unsigned workers() const { return static_cast<unsigned>(workers_.size()); }
  [[nodiscard]] WorkerCounters& worker(WorkerIndex index) { return workers_[index]->counters; }
  [[nodiscard]] const WorkerCounters& worker(WorkerIndex index) const { return workers_[index]->counters; }
  [[nodiscard]] AdvertCounters& adverts(WorkerIndex index) { return workers_[index]->adverts; }
  [[nodiscard]] const AdvertCounters& adverts(WorkerIndex index) const { return workers_[index]->adverts; }
  [[nodiscard]] ServerCounters& server(WorkerIndex index, ServerId id) { return workers_[index]->servers[index_of(id)]; }
  [[nodiscard]] const ServerCounters& server(WorkerIndex index, ServerId id) const {
    return workers_[index]->servers[index_of(id)];
  }

  // Those of all servers on one worker, by ServerId.
  [[nodiscard]] ServerCounters* servers(WorkerIndex index) { return &workers_[index]->servers[0]; }

  [[nodiscard]] StandbyCounters& standby() { return standby_; }

  using Load = ServerLoad;
  // A server's connections over all workers, and those that wait in the standby table. Exact when no worker is at work; else
  // each part is at most a burst old.
  [[nodiscard]] Load load_of(ServerId id) const;

 private:
  static constexpr std::size_t kServerSlots = 65536;
  struct PerWorker {
    WorkerCounters counters;
    AdvertCounters adverts;
    HugeArray<ServerCounters> servers{
        kServerSlots};  // the kernel gives pages as they are touched: as many as there are servers
  };
  std::vector<std::unique_ptr<PerWorker>> workers_;
  StandbyCounters standby_;
};

}  // namespace penstock::core
