// From bytes to what forwarding needs to know: the first step of every packet's path.
//
// Bounds-checked against two lengths: headers must lie in the contiguous bytes, lengths that headers claim are measured against
// the whole frame. The common packet is read inline (plain_frame.h); all others by parse_uncommon(). A frame that is
// well-formed but not for a virtual service's protocols is no error: its kind says to which class of the kernel's traffic it
// belongs. Limits: VLAN-tagged frames (other than priority tags, VLAN id 0) are left to the kernel; a transport checksum is not
// verified, because direct routing changes nothing under it and the server does.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/packet/drop_reason.h"
#include "dataplane/packet/ip_address.h"
#include "dataplane/packet/ipv6.h"
#include "dataplane/packet/plain_frame.h"

namespace penstock::packet {

enum class FrameKind : std::uint8_t {
  kTransport,      // TCP or UDP, whole
  kFirstFragment,  // TCP or UDP, the fragment with the ports
  kLaterFragment,  // TCP or UDP by its IP header, without ports
  kIcmp,           // ICMP or ICMPv6 that may be an error: quoted_packet() tells
  kVrrp,           // protocol 112
  kNeighbour,      // ARP, and IPv6 router and neighbour discovery
  kOther,          // any other well-formed frame: the kernel's
  kMalformed,      // `reason` says how
};

// What stands where. Fields are set as far as `kind` has them.
struct ParsedFrame {
  FrameKind kind = FrameKind::kOther;
  DropReason reason{};            // kMalformed
  Family family = Family::kIpv4;  // all kinds with an IP header
  std::uint8_t protocol = 0;      // ip_protocol of the transport
  std::uint8_t tcp_flags = 0;     // tcp_flag, for TCP with ports
  std::uint8_t l3_offset = 0;     // of the IP header from the frame's begin
  std::uint16_t l4_offset = 0;    // of the transport or ICMP header, or of a later fragment's data
  std::uint16_t source_port = 0;  // host order, for kinds with ports
  std::uint16_t destination_port = 0;
  std::uint32_t ip_length = 0;    // bytes of the IP packet, header included: what IPVS counts
  std::uint32_t fragment_id = 0;  // fragments: the datagram's identification

  [[nodiscard]] bool is_v4() const { return family == Family::kIpv4; }
  [[nodiscard]] bool has_ports() const { return kind == FrameKind::kTransport || kind == FrameKind::kFirstFragment; }
};

// Any frame, though it is meant for those that aren't plain. Arguments as parse_frame.
[[nodiscard]] ParsedFrame parse_uncommon(const std::byte* data, std::size_t length, std::size_t packet_length);

[[gnu::always_inline]] [[nodiscard]] inline ParsedFrame parsed_of(PlainFrame plain) {
  ParsedFrame parsed;
  parsed.kind = FrameKind::kTransport;
  parsed.protocol = plain.protocol();
  parsed.tcp_flags = plain.tcp_flags();
  parsed.l3_offset = PlainFrame::kL3;
  parsed.l4_offset = PlainFrame::kL4;
  parsed.source_port = plain.source_port();
  parsed.destination_port = plain.destination_port();
  parsed.ip_length = plain.ip_length();
  return parsed;
}

// `data`: the Ethernet header. `length`: bytes that can be read from there. `packet_length`: of the whole frame, >= length.
[[nodiscard]] inline ParsedFrame parse_frame(const std::byte* data, std::size_t length, std::size_t packet_length) {
  return plain_segment(data, length, packet_length) != Segment::kNone ? parsed_of(PlainFrame{data})
                                                                      : parse_uncommon(data, length, packet_length);
}

}  // namespace penstock::packet
