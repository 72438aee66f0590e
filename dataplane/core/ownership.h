// Whose the virtual addresses are now: one flag for each virtual router, written by the VRRP thread and read by the workers for
// each packet to a VIP.
//
// A takeover is one store. It waits for no snapshot, no other thread and no grace period, so the new master's first packet is
// forwarded as soon as its advert has left. What belongs to no virtual router (kAlwaysOurs) is always ours.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "dataplane/core/ids.h"

namespace penstock::core {

// One thread calls set(), any number owns().
class Ownership {
 public:
  Ownership() { flags_[index_of(kAlwaysOurs)].store(true, std::memory_order_relaxed); }

  [[nodiscard]] bool owns(OwnerId id) const { return flags_[index_of(id)].load(std::memory_order_relaxed); }
  // Precondition: neither kAlwaysOurs nor kNeverOurs.
  void set(OwnerId id, bool ours) { flags_[index_of(id)].store(ours, std::memory_order_relaxed); }

 private:
  std::array<std::atomic<bool>, kMaxOwners + 1> flags_{};
};

}  // namespace penstock::core
