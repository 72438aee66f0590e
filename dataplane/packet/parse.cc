#include "dataplane/packet/parse.h"

#include <algorithm>
#include <span>

#include "dataplane/packet/checksum.h"
#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/icmp.h"
#include "dataplane/packet/ipv4.h"
#include "dataplane/packet/ipv6.h"
#include "dataplane/packet/ipv6_extensions.h"
#include "dataplane/packet/overlay.h"
#include "dataplane/packet/tcp.h"
#include "dataplane/packet/udp.h"

namespace penstock::packet {
namespace {

// The TCP header up to its flags: what the first fragment must bring.
constexpr std::size_t kTcpUpToFlags = offsetof(TcpHeader, flags) + 1;
constexpr std::size_t kMaximumDatagram = 65535;

// The part of a frame that is an IP packet, with what each step below needs.
struct IpBytes {
  const std::byte* data;  // the IP header
  std::size_t length;     // bytes that can be read
  std::size_t in_frame;   // bytes that the frame has in all
  std::uint8_t l3_offset;
};

ParsedFrame malformed(DropReason reason) {
  ParsedFrame parsed;
  parsed.kind = FrameKind::kMalformed;
  parsed.reason = reason;
  return parsed;
}

ParsedFrame of_kind(FrameKind kind) {
  ParsedFrame parsed;
  parsed.kind = kind;
  return parsed;
}

bool is_forwarded(std::uint8_t protocol) { return protocol == ip_protocol::kTcp || protocol == ip_protocol::kUdp; }

bool has_source_route(std::span<const std::byte> options) {
  while (!options.empty()) {
    const auto type = static_cast<std::uint8_t>(options[0]);
    if (type == ipv4_option::kEnd) return false;
    if (type == ipv4_option::kLooseSourceRoute || type == ipv4_option::kStrictSourceRoute) return true;
    if (type == ipv4_option::kNoOperation) {
      options = options.subspan(1);
      continue;
    }
    const std::size_t size = options.size() < 2 ? 0 : static_cast<std::size_t>(options[1]);
    if (size < 2 || size > options.size()) return false;  // options that can't be read: the server's matter
    options = options.subspan(size);
  }
  return false;
}

// Ports and flags of a whole packet. `room`: bytes of the packet from l4 on; `contiguous`: those of them that can be read.
void parse_transport(ParsedFrame& parsed, const std::byte* l4, std::size_t room, std::size_t contiguous) {
  if (parsed.protocol == ip_protocol::kTcp) {
    if (room < sizeof(TcpHeader) || contiguous < sizeof(TcpHeader)) {
      parsed = malformed(DropReason::kTcpTruncated);
      return;
    }
    const auto& tcp = overlay<TcpHeader>(l4);
    if (tcp.header_length() < sizeof(TcpHeader) || tcp.header_length() > room) {
      parsed = malformed(DropReason::kTcpBadDataOffset);
      return;
    }
    parsed.tcp_flags = tcp.flags;
    parsed.source_port = tcp.source_port.value();
    parsed.destination_port = tcp.destination_port.value();
    return;
  }
  if (room < sizeof(UdpHeader) || contiguous < sizeof(UdpHeader)) {
    parsed = malformed(DropReason::kUdpTruncated);
    return;
  }
  const auto& udp = overlay<UdpHeader>(l4);
  if (udp.length.value() < sizeof(UdpHeader) || udp.length.value() > room) {
    parsed = malformed(DropReason::kUdpBadLength);
    return;
  }
  parsed.source_port = udp.source_port.value();
  parsed.destination_port = udp.destination_port.value();
}

// The ports of a first fragment; the lengths that the transport header claims are those of the whole datagram, so they aren't
// checked.
void parse_first_fragment(ParsedFrame& parsed, std::span<const std::byte> l4) {
  const std::size_t needed = parsed.protocol == ip_protocol::kTcp ? kTcpUpToFlags : sizeof(UdpHeader);
  if (l4.size() < needed) {
    parsed = malformed(DropReason::kFragmentTooShort);
    return;
  }
  const auto& ports = overlay<UdpHeader>(l4.data());
  parsed.kind = FrameKind::kFirstFragment;
  parsed.source_port = ports.source_port.value();
  parsed.destination_port = ports.destination_port.value();
  if (parsed.protocol == ip_protocol::kTcp) parsed.tcp_flags = static_cast<std::uint8_t>(l4[offsetof(TcpHeader, flags)]);
}

// By what follows the IP header. `fragment_offset`: of this packet's data in its datagram, in bytes.
ParsedFrame parse_upper_layer(ParsedFrame parsed, const IpBytes& ip, std::size_t fragment_offset, bool is_fragment) {
  const std::size_t header_length = parsed.l4_offset - std::size_t{parsed.l3_offset};
  const std::size_t room = parsed.ip_length - header_length;
  const std::size_t contiguous = ip.length > header_length ? ip.length - header_length : 0;
  const std::byte* const l4 = ip.data + header_length;

  if (is_fragment && fragment_offset + room > kMaximumDatagram) return malformed(DropReason::kFragmentBeyondLimit);
  if (parsed.protocol == ip_protocol::kVrrp) {
    parsed.kind = FrameKind::kVrrp;
  } else if (!is_forwarded(parsed.protocol)) {
    parsed.kind = FrameKind::kOther;
  } else if (!is_fragment) {
    parsed.kind = FrameKind::kTransport;
    parse_transport(parsed, l4, room, contiguous);
  } else if (fragment_offset == 0) {
    parse_first_fragment(parsed, {l4, std::min(room, contiguous)});
  } else {
    parsed.kind = FrameKind::kLaterFragment;
  }
  return parsed;
}

ParsedFrame parse_ipv4(const IpBytes& bytes) {
  if (bytes.length < sizeof(Ipv4Header)) return malformed(DropReason::kIpv4Truncated);
  const auto& ip = overlay<Ipv4Header>(bytes.data);
  if (ip.version() != 4) return malformed(DropReason::kIpv4BadVersion);
  const std::size_t header_length = ip.header_length();
  const std::size_t total_length = ip.total_length.value();
  if (header_length < sizeof(Ipv4Header) || header_length > total_length) return malformed(DropReason::kIpv4BadHeaderLength);
  if (total_length > bytes.in_frame) return malformed(DropReason::kIpv4BadTotalLength);
  if (header_length > bytes.length) return malformed(DropReason::kIpv4Truncated);
  const std::span<const std::byte> header{bytes.data, header_length};
  if (!ipv4_header_checksum_ok(header)) return malformed(DropReason::kIpv4BadChecksum);
  if (has_source_route(header.subspan(sizeof(Ipv4Header)))) return malformed(DropReason::kIpv4SourceRouted);

  ParsedFrame parsed;
  parsed.family = Family::kIpv4;
  parsed.protocol = ip.protocol;
  parsed.l3_offset = bytes.l3_offset;
  parsed.l4_offset = static_cast<std::uint16_t>(bytes.l3_offset + header_length);
  parsed.ip_length = static_cast<std::uint32_t>(total_length);
  parsed.fragment_id = ip.identification.value();
  if (ip.protocol == ip_protocol::kIcmp && !ip.is_fragment()) {
    parsed.kind = FrameKind::kIcmp;
    return parsed;
  }
  return parse_upper_layer(parsed, bytes, ip.fragment_offset(), ip.is_fragment());
}

// `packet`: what can be read of it; behind its end there may be padding.
bool is_discovery(std::span<const std::byte> packet, std::size_t offset) {
  if (offset >= packet.size()) return false;
  const auto type = static_cast<std::uint8_t>(packet[offset]);
  return type >= icmpv6_type::kRouterSolicitation && type <= icmpv6_type::kRedirect;
}

ParsedFrame parse_ipv6(const IpBytes& bytes) {
  if (bytes.length < sizeof(Ipv6Header)) return malformed(DropReason::kIpv6Truncated);
  const auto& ip = overlay<Ipv6Header>(bytes.data);
  if (ip.version() != 6) return malformed(DropReason::kIpv6BadVersion);
  const std::size_t total_length = sizeof(Ipv6Header) + ip.payload_length.value();
  if (total_length > bytes.in_frame) return malformed(DropReason::kIpv6BadPayloadLength);
  const std::span<const std::byte> packet{bytes.data, std::min(bytes.length, total_length)};
  const Ipv6Chain chain = walk_ipv6_extensions(packet);
  if (chain.status == Ipv6Chain::Status::kTruncated) return malformed(DropReason::kIpv6ExtensionTruncated);
  if (chain.status == Ipv6Chain::Status::kTooMany) return malformed(DropReason::kIpv6TooManyExtensions);

  ParsedFrame parsed;
  parsed.family = Family::kIpv6;
  parsed.protocol = chain.protocol;
  parsed.l3_offset = bytes.l3_offset;
  parsed.l4_offset = static_cast<std::uint16_t>(bytes.l3_offset + chain.offset);
  parsed.ip_length = static_cast<std::uint32_t>(total_length);
  parsed.fragment_id = chain.identification;
  if (chain.protocol == ip_protocol::kIcmpv6 && !chain.is_fragment) {
    parsed.kind = is_discovery(packet, chain.offset) ? FrameKind::kNeighbour : FrameKind::kIcmp;
    return parsed;
  }
  return parse_upper_layer(parsed, bytes, chain.fragment_offset, chain.is_fragment);
}

}  // namespace

ParsedFrame parse_uncommon(const std::byte* data, std::size_t length, std::size_t packet_length) {
  if (length < sizeof(EthernetHeader)) return malformed(DropReason::kFrameTruncated);
  const auto& ethernet = overlay<EthernetHeader>(data);
  if (ethernet.source.is_group()) return malformed(DropReason::kFrameSourceIsGroup);
  std::uint16_t type = ethernet.ether_type.value();
  std::size_t l3_offset = sizeof(EthernetHeader);
  if (type == ether_type::kVlan) {
    if (length < l3_offset + sizeof(VlanTag)) return malformed(DropReason::kFrameTruncated);
    const auto& tag = overlay<VlanTag>(data + l3_offset);
    if (tag.vlan_id() != 0) return of_kind(FrameKind::kOther);
    type = tag.ether_type.value();
    l3_offset += sizeof(VlanTag);
  }
  const IpBytes ip{data + l3_offset, length - l3_offset, packet_length - l3_offset, static_cast<std::uint8_t>(l3_offset)};
  switch (type) {
    case ether_type::kIpv4: return parse_ipv4(ip);
    case ether_type::kIpv6: return parse_ipv6(ip);
    case ether_type::kArp: return of_kind(FrameKind::kNeighbour);
    default: return of_kind(FrameKind::kOther);
  }
}

}  // namespace penstock::packet
