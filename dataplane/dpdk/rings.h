// The rings by which packets change threads, each with exactly one reader.
//
// - Worker to the VRRP thread and to control: one per worker and PuntClass, one writer: no flood of one class starves another,
// no
//   worker waits for another.
// - To a worker: two per port, each with one writer: urgent (the VRRP thread), bulk (control).
// - Worker to worker: one per worker, written by all others.
#pragma once

#include <rte_mbuf.h>
#include <rte_ring.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <span>
#include <string>

#include "dataplane/core/frame.h"

#ifndef RTE_USE_C11_MEM_MODEL
#error "rte_ring's other memory model is no C++ memory model: the build must define RTE_USE_C11_MEM_MODEL everywhere"
#endif

namespace penstock::dpdk {

// Capacities, powers of two. A ring that is full drops by name, so each is sized for a stall of its reader at a plausible rate.
inline constexpr unsigned kHandOverRing = 1024;  // fragments and ICMP errors only
inline constexpr std::array<unsigned, core::kPuntClassCount> kPuntRing{256, 512, 1024, 256, 512, 1024};
inline constexpr unsigned kPuntRings = std::accumulate(kPuntRing.begin(), kPuntRing.end(), 0U);
inline constexpr unsigned kUrgentRing = 64;
inline constexpr unsigned kBulkRing = 1024;

enum class Writers : std::uint8_t { kOne, kMany };

// A bounded first-in, first-out queue of packets for one reader. Owns what is in it.
template <Writers W>
class PacketRing {
 public:
  // Aborts when there is no memory: a start-up matter of a few kilobytes.
  PacketRing(const std::string& name, unsigned capacity) {
    // Many writers: the relaxed tail sync, so that one that is preempted in the middle does not make the others spin.
    const unsigned flags = RING_F_SC_DEQ | RING_F_EXACT_SZ | (W == Writers::kOne ? RING_F_SP_ENQ : RING_F_MP_RTS_ENQ);
    ring_.reset(rte_ring_create(name.c_str(), capacity, SOCKET_ID_ANY, flags));
    if (ring_ == nullptr) std::abort();
  }

  // Writer. False when the ring is full: the packet is still the caller's.
  [[nodiscard]] bool push(rte_mbuf* packet) {
    if constexpr (W == Writers::kOne) return rte_ring_sp_enqueue(ring_.get(), packet) == 0;
    return rte_ring_mp_rts_enqueue_bulk(ring_.get(), reinterpret_cast<void**>(&packet), 1, nullptr) == 1;
  }
  // Reader. Fills the beginning of `out`; the packets are the caller's now.
  [[nodiscard]] unsigned pop(std::span<rte_mbuf*> out) {
    auto count = static_cast<unsigned>(out.size());
    if constexpr (W == Writers::kMany) {
      count = std::min(count, filled());
      if (count == 0) return 0;
    }
    return rte_ring_sc_dequeue_burst(ring_.get(), reinterpret_cast<void**>(out.data()), count, nullptr);
  }
  // Any thread; may be outdated at once. Not rte_ring_empty(), whose reads are no atomic ones.
  [[nodiscard]] bool empty() const
    requires(W == Writers::kOne)
  {
    return __atomic_load_n(&ring_->prod.tail, __ATOMIC_RELAXED) == __atomic_load_n(&ring_->cons.tail, __ATOMIC_RELAXED);
  }

 private:
  // Many writers move the tail as one word of 64 bits; the ring's own dequeue reads only the half of it that is the position.
  // C++ orders threads by atomics of one size alone, so the whole word is read, and no more is taken out than it promises.
  [[nodiscard]] unsigned filled() const
    requires(W == Writers::kMany)
  {
    __rte_ring_rts_poscnt tail;
    tail.raw = __atomic_load_n(&ring_->rts_prod.tail.raw, __ATOMIC_ACQUIRE);
    return tail.val.pos - ring_->cons.tail;
  }

  struct Free {
    void operator()(rte_ring* ring) const {
      rte_mbuf* packet = nullptr;
      while (rte_ring_dequeue(ring, reinterpret_cast<void**>(&packet)) == 0) rte_pktmbuf_free(packet);
      rte_ring_free(ring);
    }
  };
  std::unique_ptr<rte_ring, Free> ring_;
};

}  // namespace penstock::dpdk
