// What one worker has to tell the peer of its connections: a ring from the worker to the sync thread.
//
// The worker never waits for it: a full ring refuses, and the worker tries again with a later packet. While no connections are
// synchronised the outbox is closed, and the worker looks no further than that. One writer (the worker), one reader (the sync
// thread).
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/core/connection_state.h"
#include "dataplane/core/huge_array.h"
#include "dataplane/core/ids.h"
#include "dataplane/packet/ip_address.h"

namespace penstock::core {

// A connection as it is after the packet that made it worth telling.
struct alignas(32) SyncRecord {
  packet::IpAddress client;
  ConnectionState state{};
  std::uint16_t client_port = 0;  // host order
  VirtualId virtual_id{};
  ServerId server = kNoServer;
  std::uint32_t timeout_seconds = 0;  // of its state: what it has left from now on
};
static_assert(sizeof(SyncRecord) == 32, "two to a cache line");

class SyncOutbox {
 public:
  // 1 MiB. With 100,000 new connections a second, each told three times, it fills in 0.1 s.
  static constexpr std::size_t kRecords = std::size_t{1} << 15;

  // Room for `records`, rounded up to a power of two. Closed.
  explicit SyncOutbox(std::size_t records = kRecords)
      : records_{std::bit_ceil(std::max<std::size_t>(1, records))}, mask_{records_.size() - 1} {}

  // The worker's side.
  [[nodiscard]] bool is_open() const { return open_.load(std::memory_order_relaxed); }
  // Connections that come from a standby table are to be told, too.
  [[nodiscard]] bool wants_claimed() const { return wants_claimed_.load(std::memory_order_relaxed); }
  // False: there is no room.
  [[nodiscard]] bool push(const SyncRecord& record) {
    const std::size_t at = written_.load(std::memory_order_relaxed);
    if (at - taken_seen_ == records_.size()) {
      taken_seen_ = taken_.load(std::memory_order_acquire);
      if (at - taken_seen_ == records_.size()) return false;
    }
    records_[at & mask_] = record;
    written_.store(at + 1, std::memory_order_release);
    return true;
  }

  // The reader's side. From here on the worker writes; what was left from before is thrown away.
  void open() {
    taken_.store(written_.load(std::memory_order_acquire), std::memory_order_release);
    open_.store(true, std::memory_order_relaxed);
  }
  // The worker stops with its next burst; until then records may still come.
  void close() { open_.store(false, std::memory_order_relaxed); }
  void want_claimed(bool wanted) { wants_claimed_.store(wanted, std::memory_order_relaxed); }
  // Moves the oldest records to `out`, and says how many: 0 when there are none.
  [[nodiscard]] std::size_t take(std::span<SyncRecord> out) {
    const std::size_t at = taken_.load(std::memory_order_relaxed);
    const std::size_t count = std::min(out.size(), written_.load(std::memory_order_acquire) - at);
    for (std::size_t i = 0; i < count; ++i) out[i] = records_[(at + i) & mask_];
    taken_.store(at + count, std::memory_order_release);
    return count;
  }

 private:
  HugeArray<SyncRecord> records_;
  std::size_t mask_;
  // Counts of records ever written and taken. Each side's on a line of its own, so that neither slows the other down.
  alignas(64) std::atomic<std::size_t> written_{0};
  std::size_t taken_seen_ = 0;  // the worker's last look at `taken_`
  alignas(64) std::atomic<std::size_t> taken_{0};
  std::atomic<bool> open_{false};
  std::atomic<bool> wants_claimed_{false};
};

}  // namespace penstock::core
