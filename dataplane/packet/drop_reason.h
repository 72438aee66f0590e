// Why a packet is not forwarded. Each reason has a name for the CLI and metrics, a counter on each worker, and a row in the
// tests.
//
// One list for the whole data plane: PENSTOCK_DROP_REASONS names each reason once, with the words that `penstock show drops`
// prints.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace penstock::packet {

// clang-format off
#define PENSTOCK_DROP_REASONS(X)                                                                                          \
  /* Ethernet */                                                                                                          \
  X(kFrameTruncated,           "frame_truncated",            "shorter than an Ethernet or VLAN header")                   \
  X(kFrameForOtherHost,        "frame_for_other_host",       "destination MAC address is neither ours nor a group")       \
  X(kFrameSourceIsGroup,       "frame_source_is_group",      "source MAC address has the group bit")                      \
  /* IPv4: RFC 791, RFC 1812 section 5.2.2 */                                                                              \
  X(kIpv4Truncated,            "ipv4_truncated",             "frame ends inside the IPv4 header")                         \
  X(kIpv4BadVersion,           "ipv4_bad_version",           "version is not 4")                                          \
  X(kIpv4BadHeaderLength,      "ipv4_bad_header_length",     "header length under 20 bytes or past the total length")     \
  X(kIpv4BadTotalLength,       "ipv4_bad_total_length",      "total length past the end of the frame")                    \
  X(kIpv4BadChecksum,          "ipv4_bad_checksum",          "header checksum is wrong")                                  \
  X(kIpv4SourceRouted,         "ipv4_source_routed",         "loose or strict source route option")                       \
  /* IPv6: RFC 8200 */                                                                                                     \
  X(kIpv6Truncated,            "ipv6_truncated",             "frame ends inside the IPv6 header")                         \
  X(kIpv6BadVersion,           "ipv6_bad_version",           "version is not 6")                                          \
  X(kIpv6BadPayloadLength,     "ipv6_bad_payload_length",    "payload length past the end of the frame")                  \
  X(kIpv6ExtensionTruncated,   "ipv6_extension_truncated",   "packet ends inside an extension header")                    \
  X(kIpv6TooManyExtensions,    "ipv6_too_many_extensions",   "more extension headers than are followed")                  \
  /* addresses of packets that name a virtual service */                                                                  \
  X(kSourceIsMulticast,        "source_is_multicast",        "source address is multicast or broadcast")                  \
  X(kSourceIsLoopback,         "source_is_loopback",         "source address is loopback or unspecified")                 \
  X(kSourceIsVip,              "source_is_vip",              "source address is one of the virtual addresses")            \
  /* transport */                                                                                                          \
  X(kTcpTruncated,             "tcp_truncated",              "packet ends inside the TCP header")                         \
  X(kTcpBadDataOffset,         "tcp_bad_data_offset",        "TCP data offset under 20 bytes or past the packet")         \
  X(kUdpTruncated,             "udp_truncated",              "packet ends inside the UDP header")                         \
  X(kUdpBadLength,             "udp_bad_length",             "UDP length under 8 bytes or past the packet")               \
  X(kIcmpTruncated,            "icmp_truncated",             "ICMP error ends inside the headers it quotes")              \
  X(kIcmpBadChecksum,          "icmp_bad_checksum",          "checksum of an ICMP error is wrong")                        \
  /* fragments */                                                                                                          \
  X(kFragmentTooShort,         "fragment_too_short",         "first fragment ends inside the transport header")           \
  X(kFragmentBeyondLimit,      "fragment_beyond_limit",      "fragment reaches past 65,535 bytes")                        \
  X(kFragmentHoldFull,         "fragment_hold_full",         "no room to hold a fragment until its first one comes")      \
  X(kFragmentHoldExpired,      "fragment_hold_expired",      "the first fragment did not come in time")                   \
  /* forwarding */                                                                                                         \
  X(kVipNotOurs,               "vip_not_ours",               "its virtual address is another director's now (VRRP)")      \
  X(kTtlExceeded,              "ttl_exceeded",               "TTL or hop limit used up (answered by time exceeded)")      \
  X(kTooBigForEgress,          "too_big_for_egress",         "larger than the egress MTU (answered by packet too big)")   \
  X(kNoServer,                 "no_server",                  "no real server available (answered by port unreachable)")   \
  X(kServerRemoved,            "server_removed",             "the connection's real server is gone")                      \
  X(kServerUnresolved,         "server_unresolved",          "the connection's real server never had a MAC address")      \
  X(kIcmpFloodLimited,         "icmp_flood_limited",         "no ICMP error of ours: above the limit")                    \
  /* handing on */                                                                                                         \
  X(kTxQueueFull,              "tx_queue_full",              "the port's transmit queue was full")                        \
  X(kHandoverRingFull,         "handover_ring_full",         "the ring to the worker that owns the flow was full")        \
  X(kPuntRingFull,             "punt_ring_full",             "the ring to the control thread was full")                   \
  X(kPuntLimited,              "punt_limited",               "above the limit of its class to the kernel")              \
  X(kAdvertLimited,            "advert_limited",             "above the limit of VRRP frames of its sender and kind")
// clang-format on

enum class DropReason : std::uint8_t {
#define X(id, name, text) id,
  PENSTOCK_DROP_REASONS(X)
#undef X
};

#define X(id, name, text) +1
inline constexpr std::size_t kDropReasonCount = PENSTOCK_DROP_REASONS(X);
#undef X

// The short name, as in metrics and JSON: "ipv4_bad_checksum".
[[nodiscard]] std::string_view name_of(DropReason reason);
// One sentence for people.
[[nodiscard]] std::string_view describe(DropReason reason);

}  // namespace penstock::packet
