// Whom a client of an `mh` service gets: IPVS's Maglev hashing, slot for slot.
//
// The problem: two directors that share no state shall send a flow to the same server, also after a server has come or gone.
// The idea (Eisenbud and others, "Maglev", NSDI 2016, section 3.4): a table with a prime number of slots. Each server has an
// order of preference over all slots, which follows from its address alone; the servers take turns, each takes the first free
// slot of its order, as many in a turn as its weight says. A client's hash names a slot. When a server leaves, the others'
// preferences stay, so hardly any slots but its own change hands. Source of the details, for the same picks as the kernel's:
// Linux net/netfilter/ipvs/ip_vs_mh.c (behaviour).
//
// Limits: as many slots as a kernel with the default CONFIG_IP_VS_MH_TAB_INDEX has. The hash is that of 64-bit kernels
// (SipHash-1-3; one of 32 bits has HalfSipHash and picks otherwise). It has no secret, or two directors could not agree: a
// client that chooses its address or port can choose its server.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/core/ids.h"
#include "dataplane/packet/ip_address.h"

namespace penstock::core {

// An address as IPVS hashes it: IPv6's four words folded into one.
[[nodiscard]] constexpr std::uint32_t folded(packet::Ipv4Address address) { return address.value(); }
[[nodiscard]] std::uint32_t folded(const packet::Ipv6Address& address);

// Immutable.
class MaglevTable {
 public:
  static constexpr std::uint32_t kSlots = 4093;

  struct Member {
    ServerId id{};
    std::uint32_t key = 0;     // key_of() its endpoint
    std::uint32_t weight = 0;  // at most 2^31-1; the last that was not 0, so that a server at weight 0 keeps its slots
    friend bool operator==(const Member&, const Member&) = default;
  };

  // `members`: last added first, as the kernel's list. Of more than kSlots the first added take part. All of weight 0, or none:
  // every slot is kNoServer.
  explicit MaglevTable(std::span<const Member> members);

  [[nodiscard]] ServerId operator[](std::uint32_t slot) const { return slots_[slot]; }  // slot < kSlots
  // What it was made of: whoever has the same needs no new one.
  [[nodiscard]] const std::vector<Member>& members() const { return members_; }

  // What is hashed of a server.
  [[nodiscard]] static std::uint32_t key_of(const packet::Endpoint& endpoint);
  // The slot of a client: of its folded address, or with `mh-port` that and its port, added up.
  [[nodiscard]] static std::uint32_t slot_of(std::uint32_t key);

 private:
  std::vector<Member> members_;
  std::array<ServerId, kSlots> slots_;
};

}  // namespace penstock::core
