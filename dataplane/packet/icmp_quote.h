// The packet that an ICMP or ICMPv6 error quotes: which of our flows does the error belong to?
//
// With direct routing the quoted packet is one that a real server sent to a client: its source is the VIP and the service's
// port, its destination the client. Somebody between them answered it, to the VIP, so the error comes to us and has to reach
// that same server. Which types count is as in IPVS (net/netfilter/ipvs/ip_vs_core.c): ip_vs_in_icmp() takes destination
// unreachable, source quench and time exceeded, ip_vs_in_icmp_v6() all errors. Limits: tunnels inside the quote are not looked
// into; the quoted packet's checksum and lengths are not checked, because a quote is cut short and a router may have changed
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

#include "dataplane/packet/big_endian.h"
#include "dataplane/packet/ip_address.h"

namespace penstock::packet {

struct IcmpQuote {
  std::uint8_t protocol = 0;  // ip_protocol of the quoted packet's upper layer, behind IPv6 extension headers
  IpAddress source;           // of the quoted packet: the VIP
  IpAddress destination;      // the client
  // Where the quoted packet's data begins in its datagram, in bytes. Not 0: a later fragment, which has no ports.
  std::uint16_t fragment_offset = 0;
  // TCP, UDP and SCTP with fragment_offset 0; else both are 0.
  Be16 source_port;
  Be16 destination_port;
};

enum class NoIcmpQuote : std::uint8_t {
  kNotAnError,  // echo, neighbour discovery, redirect ...: not a flow's, the kernel's to answer
  kTruncated,   // the message ends inside a header that it quotes (or inside its own)
  kMalformed,   // quotes something that isn't a packet of this IP version, or has more extension headers than are followed
};

// `message`: from the ICMP header to the end of the IP packet, of the IP version `family`.
[[nodiscard]] std::expected<IcmpQuote, NoIcmpQuote> quoted_packet(Family family, std::span<const std::byte> message);

}  // namespace penstock::packet
