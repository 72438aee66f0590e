#include "tests/support/reference_frame.h"

#include <algorithm>

#include "tests/support/packet_bytes.h"

namespace penstock::test {
namespace {

using packet::DropReason;
using Kind = ReferenceFrame::Kind;
using View = std::span<const std::byte>;

constexpr std::size_t kIpv4Header = 20;
constexpr std::size_t kIpv6Header = 40;
constexpr std::size_t kTcpHeader = 20;
constexpr std::size_t kTcpFlags = 13;
constexpr std::size_t kUdpHeader = 8;
constexpr std::uint8_t kIcmp = 1;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kAuthentication = 51;
constexpr std::uint8_t kIcmpv6 = 58;
constexpr std::uint8_t kVrrp = 112;
constexpr std::uint8_t kSctp = 132;

std::uint8_t be8(View bytes, std::size_t at) { return std::to_integer<std::uint8_t>(bytes[at]); }
std::uint16_t be16(View bytes, std::size_t at) {
  return static_cast<std::uint16_t>((std::to_integer<unsigned>(bytes[at]) << 8) | be8(bytes, at + 1));
}
std::uint32_t be32(View bytes, std::size_t at) {
  return (static_cast<std::uint32_t>(be16(bytes, at)) << 16) | be16(bytes, at + 2);
}

packet::MacAddress mac_at(View bytes, std::size_t at) {
  packet::MacAddress mac;
  for (std::size_t i = 0; i < 6; ++i) mac.bytes[i] = be8(bytes, at + i);
  return mac;
}
packet::IpAddress ipv4_at(View bytes, std::size_t at) { return packet::Ipv4Address{be32(bytes, at)}; }
packet::IpAddress ipv6_at(View bytes, std::size_t at) {
  packet::Ipv6Address address;
  for (std::size_t i = 0; i < 16; ++i) address.bytes[i] = be8(bytes, at + i);
  return address;
}

void refuse(ReferenceFrame& frame, DropReason reason) {
  frame.kind = Kind::kBroken;
  frame.reason = reason;
}

// Whether the options ask for a route of the sender's choice (RFC 791 section 3.1). Options that can't be read ask nothing.
bool asks_for_route(View options) {
  for (std::size_t at = 0; at < options.size();) {
    const std::uint8_t type = be8(options, at);
    if (type == 0) return false;
    if (type == 131 || type == 137) return true;
    if (type == 1) {
      ++at;
      continue;
    }
    const std::size_t size = at + 1 < options.size() ? be8(options, at + 1) : 0;
    if (size < 2 || size > options.size() - at) return false;
    at += size;
  }
  return false;
}

// The chain of IPv6 extension headers (RFC 8200 section 4): where it leads.
struct Chain {
  enum class End : std::uint8_t { kUpperLayer, kCut, kTooLong };
  End end = End::kUpperLayer;
  std::uint8_t protocol = 0;
  std::size_t at = kIpv6Header;  // from the IPv6 header
  bool is_fragment = false;
  std::size_t fragment_offset = 0;
  std::uint32_t datagram = 0;
};

Chain follow_chain(View ip) {
  constexpr unsigned kMost = 8;
  Chain chain;
  chain.protocol = be8(ip, 6);
  bool is_atomic_or_fragment = false;
  for (unsigned passed = 0;; ++passed) {
    const std::uint8_t type = chain.protocol;
    const bool has_units_of_8 = type == 0 || type == 43 || type == 60;
    if (!has_units_of_8 && type != 44 && type != kAuthentication) return chain;
    if (passed == kMost) return {.end = Chain::End::kTooLong};
    const std::size_t left = ip.size() - chain.at;
    if (left < 2) return {.end = Chain::End::kCut};
    const std::size_t length = be8(ip, chain.at + 1);
    const std::size_t size = type == 44 ? 8 : type == kAuthentication ? (length + 2) * 4 : (length + 1) * 8;
    if (left < size) return {.end = Chain::End::kCut};
    if (type == 44) {
      if (is_atomic_or_fragment) return {.end = Chain::End::kTooLong};
      is_atomic_or_fragment = true;
      const std::uint16_t offset_and_more = be16(ip, chain.at + 2);
      chain.fragment_offset = offset_and_more & 0xfff8;
      chain.is_fragment = (offset_and_more & 0xfff9) != 0;
      chain.datagram = be32(ip, chain.at + 4);
    }
    chain.protocol = be8(ip, chain.at);
    chain.at += size;
    if (chain.fragment_offset != 0) return chain;
  }
}

void read_whole(ReferenceFrame& frame, View seen) {
  const std::size_t room = frame.end - frame.l4;
  const std::size_t here = std::min(room, seen.size() > frame.l4 ? seen.size() - frame.l4 : 0);
  const bool is_tcp = frame.protocol == kTcp;
  if (here < (is_tcp ? kTcpHeader : kUdpHeader)) {
    return refuse(frame, is_tcp ? DropReason::kTcpTruncated : DropReason::kUdpTruncated);
  }
  const std::size_t claimed = is_tcp ? (be8(seen, frame.l4 + 12) >> 4) * std::size_t{4} : be16(seen, frame.l4 + 4);
  if (claimed < (is_tcp ? kTcpHeader : kUdpHeader) || claimed > room) {
    return refuse(frame, is_tcp ? DropReason::kTcpBadDataOffset : DropReason::kUdpBadLength);
  }
  frame.kind = Kind::kWhole;
}

void read_first_fragment(ReferenceFrame& frame, View seen) {
  const std::size_t here = std::min(frame.end, seen.size());
  const std::size_t least = frame.protocol == kTcp ? kTcpFlags + 1 : kUdpHeader;
  if (here < frame.l4 + least) return refuse(frame, DropReason::kFragmentTooShort);
  frame.kind = Kind::kFirstFragment;
}

void read_upper_layer(ReferenceFrame& frame, View seen, std::size_t fragment_offset) {
  if (frame.is_fragment && fragment_offset + (frame.end - frame.l4) > 65535) {
    return refuse(frame, DropReason::kFragmentBeyondLimit);
  }
  if (frame.protocol == kVrrp) {
    frame.kind = Kind::kAdvert;
    return;
  }
  if (frame.protocol == kAuthentication && !frame.is_fragment) {
    const bool is_advert = std::min(frame.end, seen.size()) > frame.l4 && be8(seen, frame.l4) == kVrrp;
    frame.kind = is_advert ? Kind::kAdvert : Kind::kOther;
    return;
  }
  if (frame.protocol != kTcp && frame.protocol != kUdp) return;
  if (fragment_offset != 0) {
    frame.kind = Kind::kLaterFragment;
    return;
  }
  frame.is_fragment ? read_first_fragment(frame, seen) : read_whole(frame, seen);
  if (frame.kind == Kind::kBroken) return;
  frame.source_port = be16(seen, frame.l4);
  frame.destination_port = be16(seen, frame.l4 + 2);
  if (frame.protocol == kTcp) frame.tcp_flags = be8(seen, frame.l4 + kTcpFlags);
}

// `there`: bytes that the frame has from the IP header on.
void read_ipv4(ReferenceFrame& frame, View seen, std::size_t there) {
  const View ip = seen.subspan(frame.l3);
  if (ip.size() < kIpv4Header) return refuse(frame, DropReason::kIpv4Truncated);
  if (be8(ip, 0) >> 4 != 4) return refuse(frame, DropReason::kIpv4BadVersion);
  const std::size_t header = (be8(ip, 0) & 0xfU) * 4;
  const std::size_t total = be16(ip, 2);
  if (header < kIpv4Header || header > total) return refuse(frame, DropReason::kIpv4BadHeaderLength);
  if (total > there) return refuse(frame, DropReason::kIpv4BadTotalLength);
  if (header > ip.size()) return refuse(frame, DropReason::kIpv4Truncated);
  if (reference_checksum(ip.first(header)) != 0) return refuse(frame, DropReason::kIpv4BadChecksum);
  if (asks_for_route(ip.subspan(kIpv4Header, header - kIpv4Header))) return refuse(frame, DropReason::kIpv4SourceRouted);
  frame.has_ip = frame.is_v4 = true;
  frame.l4 = frame.l3 + header;
  frame.end = frame.l3 + total;
  frame.datagram = be16(ip, 4);
  frame.is_fragment = (be16(ip, 6) & 0x3fff) != 0;
  frame.time_to_live = be8(ip, 8);
  frame.protocol = be8(ip, 9);
  frame.source = ipv4_at(ip, 12);
  frame.destination = ipv4_at(ip, 16);
  if (frame.protocol == kIcmp && !frame.is_fragment) {
    frame.kind = Kind::kIcmp;
    return;
  }
  read_upper_layer(frame, seen, (be16(ip, 6) & 0x1fffU) * std::size_t{8});
}

void read_ipv6(ReferenceFrame& frame, View seen, std::size_t there) {
  const View ip = seen.subspan(frame.l3);
  if (ip.size() < kIpv6Header) return refuse(frame, DropReason::kIpv6Truncated);
  if (be8(ip, 0) >> 4 != 6) return refuse(frame, DropReason::kIpv6BadVersion);
  const std::size_t total = kIpv6Header + be16(ip, 4);
  if (total > there) return refuse(frame, DropReason::kIpv6BadPayloadLength);
  const Chain chain = follow_chain(ip.first(std::min(total, ip.size())));
  if (chain.end == Chain::End::kCut) return refuse(frame, DropReason::kIpv6ExtensionTruncated);
  if (chain.end == Chain::End::kTooLong) return refuse(frame, DropReason::kIpv6TooManyExtensions);
  frame.has_ip = true;
  frame.l4 = frame.l3 + chain.at;
  frame.end = frame.l3 + total;
  frame.datagram = chain.datagram;
  frame.is_fragment = chain.is_fragment;
  frame.time_to_live = be8(ip, 7);
  frame.protocol = chain.protocol;
  frame.source = ipv6_at(ip, 8);
  frame.destination = ipv6_at(ip, 24);
  if (frame.protocol == kIcmpv6 && !frame.is_fragment) {
    const std::size_t end = std::min(frame.end, seen.size());
    const std::uint8_t type = frame.l4 < end ? be8(seen, frame.l4) : 0;
    frame.kind = type >= 133 && type <= 137 ? Kind::kNeighbour : Kind::kIcmp;
    return;
  }
  read_upper_layer(frame, seen, chain.fragment_offset);
}

}  // namespace

ReferenceFrame read_reference_frame(View frame, std::size_t contiguous) {
  const View seen = frame.first(std::min(contiguous, frame.size()));
  ReferenceFrame read;
  if (seen.size() < 14) {
    refuse(read, DropReason::kFrameTruncated);
    return read;
  }
  read.destination_mac = mac_at(seen, 0);
  read.source_mac = mac_at(seen, 6);
  if ((read.source_mac.bytes[0] & 1) != 0) {
    refuse(read, DropReason::kFrameSourceIsGroup);
    return read;
  }
  std::uint16_t type = be16(seen, 12);
  read.l3 = 14;
  if (type == 0x8100) {
    if (seen.size() < 18) {
      refuse(read, DropReason::kFrameTruncated);
      return read;
    }
    if ((be16(seen, 14) & 0xfff) != 0) return read;  // a VLAN's
    type = be16(seen, 16);
    read.l3 = 18;
  }
  if (type == 0x0800) read_ipv4(read, seen, frame.size() - read.l3);
  if (type == 0x86dd) read_ipv6(read, seen, frame.size() - read.l3);
  if (type == 0x0806) read.kind = Kind::kNeighbour;
  return read;
}

ReferenceQuote read_reference_quote(bool is_v4, View message) {
  ReferenceQuote quote;
  quote.kind = ReferenceQuote::Kind::kUnreadable;
  if (message.size() < 8) return quote;
  const std::uint8_t type = be8(message, 0);
  // Those that IPVS follows: unreachable, source quench and time exceeded; of ICMPv6 all errors.
  if (is_v4 ? type != 3 && type != 4 && type != 11 : type > 127) {
    quote.kind = ReferenceQuote::Kind::kNoError;
    return quote;
  }
  const View ip = message.subspan(8);
  if (ip.size() < (is_v4 ? kIpv4Header : kIpv6Header) || be8(ip, 0) >> 4 != (is_v4 ? 4 : 6)) return quote;
  std::size_t ports_at = 0;
  std::size_t fragment_offset = 0;
  if (is_v4) {
    ports_at = (be8(ip, 0) & 0xfU) * std::size_t{4};
    if (ports_at < kIpv4Header || ports_at > ip.size()) return quote;
    quote.protocol = be8(ip, 9);
    quote.source = ipv4_at(ip, 12);
    quote.destination = ipv4_at(ip, 16);
    fragment_offset = be16(ip, 6) & 0x1fff;
  } else {
    const Chain chain = follow_chain(ip);
    if (chain.end != Chain::End::kUpperLayer) return quote;
    ports_at = chain.at;
    quote.protocol = chain.protocol;
    quote.source = ipv6_at(ip, 8);
    quote.destination = ipv6_at(ip, 24);
    fragment_offset = chain.fragment_offset;
  }
  const bool has_ports = fragment_offset == 0 && (quote.protocol == kTcp || quote.protocol == kUdp || quote.protocol == kSctp);
  if (has_ports && ip.size() < ports_at + 4) return quote;
  quote.kind = has_ports && quote.protocol != kSctp ? ReferenceQuote::Kind::kFlow : ReferenceQuote::Kind::kNoFlow;
  if (!has_ports) return quote;
  quote.source_port = be16(ip, ports_at);
  quote.destination_port = be16(ip, ports_at + 2);
  return quote;
}

}  // namespace penstock::test
