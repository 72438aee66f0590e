// From bytes to what forwarding needs to know: the first step of every packet's path.
//
// Bounds-checked against two lengths: headers must lie in the contiguous bytes, lengths that headers claim are measured against
// the whole frame. The common packet (IPv4 without options, TCP or UDP, no fragment) is parsed inline; all others by
// parse_uncommon(). A frame that is well-formed but not for a virtual service's protocols is no error: its kind says to which
// class of the kernel's traffic it belongs. Limits: VLAN-tagged frames (other than priority tags, VLAN id 0) are left to the
// kernel; a transport checksum is not verified, because direct routing changes nothing under it and the server does.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/packet/checksum.h"
#include "dataplane/packet/drop_reason.h"
#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/ipv4.h"
#include "dataplane/packet/ipv6.h"
#include "dataplane/packet/overlay.h"
#include "dataplane/packet/tcp.h"
#include "dataplane/packet/udp.h"

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

// All frames that the inline path doesn't take. Arguments as parse_frame.
[[nodiscard]] ParsedFrame parse_uncommon(const std::byte* data, std::size_t length, std::size_t packet_length);

namespace detail {

[[nodiscard]] constexpr ParsedFrame malformed(DropReason reason) {
  ParsedFrame parsed;
  parsed.kind = FrameKind::kMalformed;
  parsed.reason = reason;
  return parsed;
}

// Fills in ports and flags of a whole packet. `room`: bytes of the packet from l4 on; `contiguous`: those of them that can be
// read.
inline void parse_transport(ParsedFrame& parsed, const std::byte* l4, std::size_t room, std::size_t contiguous) {
  if (parsed.protocol == ip_protocol::kTcp) {
    if (room < sizeof(TcpHeader) || contiguous < sizeof(TcpHeader)) [[unlikely]] {
      parsed = malformed(DropReason::kTcpTruncated);
      return;
    }
    const auto& tcp = overlay<TcpHeader>(l4);
    if (tcp.header_length() < sizeof(TcpHeader) || tcp.header_length() > room) [[unlikely]] {
      parsed = malformed(DropReason::kTcpBadDataOffset);
      return;
    }
    parsed.tcp_flags = tcp.flags;
    parsed.source_port = tcp.source_port.value();
    parsed.destination_port = tcp.destination_port.value();
    return;
  }
  if (room < sizeof(UdpHeader) || contiguous < sizeof(UdpHeader)) [[unlikely]] {
    parsed = malformed(DropReason::kUdpTruncated);
    return;
  }
  const auto& udp = overlay<UdpHeader>(l4);
  if (udp.length.value() < sizeof(UdpHeader) || udp.length.value() > room) [[unlikely]] {
    parsed = malformed(DropReason::kUdpBadLength);
    return;
  }
  parsed.source_port = udp.source_port.value();
  parsed.destination_port = udp.destination_port.value();
}

}  // namespace detail

// `data`: the Ethernet header. `length`: bytes that can be read from there. `packet_length`: of the whole frame, >= length.
[[gnu::always_inline]] [[nodiscard]] inline ParsedFrame parse_frame(const std::byte* data, std::size_t length,
                                                                    std::size_t packet_length) {
  constexpr std::size_t kL3 = sizeof(EthernetHeader);
  constexpr std::size_t kL4 = kL3 + sizeof(Ipv4Header);
  constexpr std::uint8_t kPlainIpv4 = 0x45;  // version 4, a header of 20 bytes
  if (length < kL4 || overlay<EthernetHeader>(data).ether_type.value() != ether_type::kIpv4)
    return parse_uncommon(data, length, packet_length);
  const auto& ip = overlay<Ipv4Header>(data + kL3);
  const std::size_t ip_length = ip.total_length.value();
  const bool common = ip.version_ihl == kPlainIpv4 && !ip.is_fragment() && ip_length >= sizeof(Ipv4Header) &&
                      ip_length <= packet_length - kL3 &&
                      (data[offsetof(EthernetHeader, source)] & std::byte{1}) == std::byte{0} &&
                      (ip.protocol == ip_protocol::kTcp || ip.protocol == ip_protocol::kUdp);
  if (!common) [[unlikely]]
    return parse_uncommon(data, length, packet_length);
  if (!sum_of_ipv4_base_header(data + kL3).is_intact()) [[unlikely]]
    return detail::malformed(DropReason::kIpv4BadChecksum);

  ParsedFrame parsed;
  parsed.kind = FrameKind::kTransport;
  parsed.protocol = ip.protocol;
  parsed.l3_offset = kL3;
  parsed.l4_offset = kL4;
  parsed.ip_length = static_cast<std::uint32_t>(ip_length);
  detail::parse_transport(parsed, data + kL4, ip_length - sizeof(Ipv4Header), length - kL4);
  return parsed;
}

}  // namespace penstock::packet
