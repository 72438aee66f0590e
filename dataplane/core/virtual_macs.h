// The MAC addresses of virtual routers (VRRP's use_vmac) that one port takes frames for, besides its own.
//
// The problem: each frame to a VIP names such an address, so looking it up must cost next to nothing, with one virtual router
// or with 255. The idea: the last byte of a virtual router's address is its VRID, so that byte is the hash of a small table
// with open addressing. Immutable once it is in a snapshot; whether the virtual router is ours at this moment, Ownership knows.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "dataplane/core/ids.h"
#include "dataplane/packet/mac_address.h"

namespace penstock::core {

struct VirtualMac {
  packet::MacAddress mac{};
  OwnerId owner = kAlwaysOurs;
  friend bool operator==(const VirtualMac&, const VirtualMac&) = default;
};

class VirtualMacs {
 public:
  // Of two that are the same the first one stands.
  void add(const VirtualMac& entry);

  // Whose address this is; nothing when it is none of these.
  [[nodiscard]] std::optional<OwnerId> owner_of(const packet::MacAddress& mac) const {
    if (slots_.empty()) return std::nullopt;
    const Slot& slot = slots_[place_of(mac)];
    return slot.taken ? std::optional{slot.entry.owner} : std::nullopt;
  }

 private:
  struct Slot {
    VirtualMac entry{};
    bool taken = false;
  };

  // Where it is, or would be. Precondition: there are slots, at most half of them taken.
  [[nodiscard]] std::size_t place_of(const packet::MacAddress& mac) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t place = mac.bytes[5] & mask;
    while (slots_[place].taken && slots_[place].entry.mac != mac) place = (place + 1) & mask;
    return place;
  }
  void grow();

  std::vector<Slot> slots_;  // a power of two
  std::size_t taken_ = 0;
};

}  // namespace penstock::core
