// Sync messages as they stand on the wire: Linux net/netfilter/ipvs/ip_vs_sync.c. All integers are big-endian.
//
// Version 1: a header, then entries that each begin at a multiple of 4 bytes. An entry is its fixed part, three addresses
// (client, virtual, real) and options of type, length, data. The zeros between two entries belong to neither's size.
// Version 0: a shorter header, entries of IPv4 of 24 or 48 bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/packet/big_endian.h"
#include "dataplane/packet/ip_address.h"

namespace penstock::sync::wire {

using packet::Be16;
using packet::Be32;

inline constexpr std::uint8_t kVersion = 1;
inline constexpr std::size_t kAlignment = 4;

// `reserved` is where version 0 has its number of entries: 0 lets its receivers ignore the message. With `spare` other than 0
// the kernel reads the message as one of version 0, which has no entries then.
struct Header {
  std::uint8_t reserved;
  std::uint8_t syncid;
  Be16 size;  // of the message, header included
  std::uint8_t entry_count;
  std::uint8_t version;
  Be16 spare;
};
static_assert(sizeof(Header) == 8 && alignof(Header) == 1);
static_assert(offsetof(Header, version) == 5 && offsetof(Header, spare) == 6);

struct Header0 {
  std::uint8_t entry_count;
  std::uint8_t syncid;
  Be16 size;
};
static_assert(sizeof(Header0) == 4 && alignof(Header0) == 1);

struct EntryHead {
  std::uint8_t type;
  std::uint8_t protocol;
  Be16 version_size;  // 4 bits and 12: bytes from `type` to the end of the options
  Be32 flags;
  Be16 state;
  Be16 client_port;
  Be16 virtual_port;
  Be16 server_port;
  Be32 firewall_mark;
  Be32 timeout;  // seconds

  static constexpr std::uint8_t kIpv4 = 0;
  static constexpr std::uint8_t kIpv6 = 1;
  static constexpr std::uint16_t kSizeMask = 0x0fff;

  [[nodiscard]] constexpr unsigned version() const { return version_size.value() >> 12; }
  [[nodiscard]] constexpr std::size_t size() const { return version_size.value() & kSizeMask; }
};
static_assert(sizeof(EntryHead) == 24 && alignof(EntryHead) == 1);
static_assert(offsetof(EntryHead, flags) == 4 && offsetof(EntryHead, firewall_mark) == 16);

[[nodiscard]] constexpr std::size_t address_size(packet::Family family) { return family == packet::Family::kIpv4 ? 4 : 16; }
// The fixed part with its addresses: 36 or 72 bytes.
[[nodiscard]] constexpr std::size_t fixed_size(packet::Family family) { return sizeof(EntryHead) + 3 * address_size(family); }

struct Option {
  std::uint8_t type;
  std::uint8_t length;  // of the data

  static constexpr std::uint8_t kSequences = 1;
  static constexpr std::uint8_t kEngineData = 2;
  static constexpr std::uint8_t kEngineName = 3;
  static constexpr std::uint8_t kMayBeSkipped = 0x40;  // whoever doesn't know the type uses the entry without it
};
static_assert(sizeof(Option) == 2);

struct Shift {
  Be32 first_sequence;
  Be32 delta;
  Be32 previous_delta;
};
struct Shifts {
  Shift input;
  Shift output;
};
static_assert(sizeof(Shifts) == 24 && alignof(Shifts) == 1);

// Behind it come Shifts in the sender's own byte order if flags have a bit of flag::kSequenceMask.
struct Entry0 {
  std::uint8_t reserved;
  std::uint8_t protocol;
  Be16 client_port;
  Be16 virtual_port;
  Be16 server_port;
  Be32 client;
  Be32 virtual_address;
  Be32 server;
  Be16 flags;
  Be16 state;
};
static_assert(sizeof(Entry0) == 24 && alignof(Entry0) == 1);
static_assert(offsetof(Entry0, client) == 8 && offsetof(Entry0, flags) == 20);

}  // namespace penstock::sync::wire
