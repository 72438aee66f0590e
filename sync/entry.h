// A connection, or a persistence template, as IPVS's sync protocol tells it.
//
// Numbers of protocols, states and flags are the kernel's (include/uapi/linux/ip_vs.h, include/net/ip_vs.h), because they are
// the wire's. What they mean to a connection table is the caller's matter.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "dataplane/packet/ip_address.h"
#include "sync/refusal.h"

namespace penstock::sync {

// Bits of Entry::flags. A sender's other bits are of its own concern and mean nothing to a receiver.
namespace flag {

inline constexpr std::uint32_t kForwardingMask = 0x0007;
inline constexpr std::uint32_t kMasquerading = 0;
inline constexpr std::uint32_t kLocalNode = 1;  // direct routing to a server that is the director itself; up to Linux 2.6.36
inline constexpr std::uint32_t kTunnel = 2;
inline constexpr std::uint32_t kDirectRouting = 3;
inline constexpr std::uint32_t kBypass = 4;
inline constexpr std::uint32_t kSynced = 0x0020;    // the sender has it from a sync message itself
inline constexpr std::uint32_t kNoOutput = 0x0080;  // the server's answers go past the director
inline constexpr std::uint32_t kInactive = 0x0100;  // counts as InActConn
inline constexpr std::uint32_t kOutputSequence = 0x0200;
inline constexpr std::uint32_t kInputSequence = 0x0400;
inline constexpr std::uint32_t kSequenceMask = kOutputSequence | kInputSequence;
inline constexpr std::uint32_t kNoClientPort = 0x0800;
inline constexpr std::uint32_t kTemplate = 0x1000;

}  // namespace flag

// The flags that the kernel sends of a connection in direct routing: 0x83 when it counts as active, else 0x183 (always UDP,
// and templates, which have flag::kTemplate besides). A server gets kNoOutput with any method but masquerading
// (ip_vs_ctl.c, __ip_vs_update_dest), which is what makes the TCP and SCTP states those of one-way traffic.
[[nodiscard]] constexpr std::uint32_t direct_routing_flags(bool is_active) {
  return flag::kDirectRouting | flag::kNoOutput | (is_active ? 0U : flag::kInactive);
}

// How the sequence numbers of one direction are shifted (struct ip_vs_seq): only masquerading with an application helper does.
struct SequenceShift {
  std::uint32_t first_sequence = 0;
  std::uint32_t delta = 0;
  std::uint32_t previous_delta = 0;

  friend bool operator==(const SequenceShift&, const SequenceShift&) = default;
};
struct SequenceShifts {
  SequenceShift input{};
  SequenceShift output{};

  friend bool operator==(const SequenceShifts&, const SequenceShifts&) = default;
};

inline constexpr std::size_t kMaxEngineName = 16;   // IP_VS_PENAME_MAXLEN
inline constexpr std::size_t kMaxEngineData = 255;  // IP_VS_PEDATA_MAXLEN

struct Entry {
  // All three addresses are of one family. A template's client has port 0 and may be a network's address.
  packet::Endpoint client{};
  packet::Endpoint virtual_server{};  // a template of a firewall mark: port 0, and IPv4's address is the mark
  packet::Endpoint real_server{};
  std::uint32_t flags = 0;          // version 0 tells the lower 16
  std::uint32_t firewall_mark = 0;  // 0: none; not told by version 0
  std::chrono::seconds timeout{0};  // of its state, 0..2^32-1, from now on; 0: not told (always in version 0)
  std::uint16_t state = 0;          // below state_count_of(protocol); a template: 0, or 1 once it is assured
  std::uint8_t protocol = 0;        // TCP, UDP or SCTP; a template: any, 0 for a firewall mark's
  std::optional<SequenceShifts> shifts{};
  // What the persistence engine needs (SIP: the Call-ID): at most kMaxEngineData bytes of anything, and at most kMaxEngineName
  // for the name. They lie in the datagram that was read, or with whoever made the entry.
  std::string_view engine_data{};
  std::string_view engine_name{};

  [[nodiscard]] constexpr bool is_template() const { return (flags & flag::kTemplate) != 0; }
  [[nodiscard]] constexpr bool is_active() const { return (flags & flag::kInactive) == 0; }
  [[nodiscard]] constexpr std::uint32_t forwarding_method() const { return flags & flag::kForwardingMask; }

  friend bool operator==(const Entry&, const Entry&) = default;
};

// How many states connections of that protocol have: 11 for TCP, 1 for UDP, 14 for SCTP; 0: no protocol of ours.
[[nodiscard]] std::uint16_t state_count_of(std::uint8_t protocol);

// Why a director that knows only direct routing doesn't take an entry that could be read. Nothing: it may; whether it knows
// the service and the server is another question. The kernel goes by its own server's method instead and keeps a connection
// whose server it doesn't know as it is told.
[[nodiscard]] std::optional<Refusal> refusal_of(const Entry& entry);

}  // namespace penstock::sync
