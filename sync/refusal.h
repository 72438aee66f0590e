// Why a sync datagram, or an entry of one, is not used. Each has a name for the CLI and metrics, and a case in the tests.
//
// Two kinds, as in the kernel (ip_vs_sync.c): what leaves no doubt about where the next entry begins costs that entry alone;
// anything else costs the rest of the datagram. Entries in front of the bad point have been used by then, there and here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace penstock::sync {

// clang-format off
#define PENSTOCK_SYNC_REFUSALS(X)                                                                                         \
  /* the datagram: nothing of it is used */                                                                               \
  X(kHeaderTruncated,      "header_truncated",       kDatagram, "datagram ends inside the message header")                \
  X(kSizeMismatch,         "size_mismatch",          kDatagram, "size in the header is not the datagram's length")        \
  X(kUnknownVersion,       "unknown_version",        kDatagram, "neither version 0 nor version 1")                        \
  X(kUnknownNote,          "unknown_note",           kDatagram, "reserved bits of the header that say nothing to us")     \
  /* the rest of the datagram */                                                                                          \
  X(kEntryTruncated,       "entry_truncated",        kDatagram, "message ends inside an entry's fixed part")              \
  X(kEntryPastEnd,         "entry_past_end",         kDatagram, "size of an entry reaches past the message")              \
  X(kEntryTooShort,        "entry_too_short",        kDatagram, "size of an entry is less than its fixed part")           \
  X(kEntryVersion,         "entry_version",          kDatagram, "version of an entry is not 0")                           \
  X(kEntryType,            "entry_type",             kDatagram, "type of an entry is neither IPv4 nor IPv6")              \
  X(kOptionTruncated,      "option_truncated",       kDatagram, "entry ends inside the head of an option")                \
  X(kOptionLength,         "option_length",          kDatagram, "length of an option is 0, past its entry, or not its own")\
  X(kOptionRepeated,       "option_repeated",        kDatagram, "an option stands twice in an entry")                     \
  X(kTrailingBytes,        "trailing_bytes",         kDatagram, "bytes behind the last entry")                            \
  /* an entry alone */                                                                                                    \
  X(kOptionUnknown,        "option_unknown",         kEntry,    "an option that must be understood and isn't known")      \
  X(kProtocolUnsupported,  "protocol_unsupported",   kEntry,    "protocol of a connection is not TCP, UDP or SCTP")       \
  X(kStateOutOfRange,      "state_out_of_range",     kEntry,    "state is not one of the protocol's")                     \
  X(kEngineUnnamed,        "engine_unnamed",         kEntry,    "data of a persistence engine without its name")          \
  /* an entry that is well formed, in a director of direct routing: refusal_of() */                                       \
  X(kEngineUnsupported,    "engine_unsupported",     kEntry,    "data of a persistence engine: there is none here")       \
  X(kForwardingMethod,     "forwarding_method",      kEntry,    "its director forwards it otherwise than by direct routing")
// clang-format on

enum class Refusal : std::uint8_t {
#define X(id, name, scope, text) id,
  PENSTOCK_SYNC_REFUSALS(X)
#undef X
};

#define X(id, name, scope, text) +1
inline constexpr std::size_t kRefusalCount = PENSTOCK_SYNC_REFUSALS(X);
#undef X

// What a refusal costs: one entry, or the datagram from there on.
enum class RefusalScope : std::uint8_t { kEntry, kDatagram };
[[nodiscard]] RefusalScope scope_of(Refusal refusal);

// The short name, as in metrics and JSON: "size_mismatch".
[[nodiscard]] std::string_view name_of(Refusal refusal);
// One sentence for people.
[[nodiscard]] std::string_view describe(Refusal refusal);

}  // namespace penstock::sync
