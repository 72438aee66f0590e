// Our own ICMP errors: turns a frame that can't be forwarded, where it stands, into the error that tells its sender.
//
// The error is what the kernel would send for IPVS (icmp_send() in net/ipv4/icmp.c, icmp6_send() in net/ipv6/icmp.c): it comes
// from the address that the offending packet was sent to (the VIP), has TTL or hop limit 64, and quotes the offending packet
// from its IP header on:
//   IPv4: at most 576 bytes in all (RFC 1812 section 4.3.2.3), TOS of the offending packet's low bits with precedence 6 (RFC
//   1812 section
//         4.3.2.5), DF clear. The offending packet's IP options are not echoed.
//   IPv6: at most 1280 bytes in all (RFC 4443 section 3.1 and following), traffic class and flow label 0.
// The frame goes back by the port it came from to the MAC address it came from, with its VLAN tags. Rate limits are the
// caller's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace penstock::packet {

struct IcmpError {
  enum class Kind : std::uint8_t {
    kPortUnreachable,  // no real server: IPv4 type 3 code 3, IPv6 type 1 code 4
    kTimeExceeded,     // TTL or hop limit used up: IPv4 type 11 code 0, IPv6 type 3 code 0
    kPacketTooBig,     // IPv4 type 3 code 4 (fragmentation needed, RFC 1191), IPv6 type 2
  };
  Kind kind = Kind::kPortUnreachable;
  std::uint32_t mtu =
      0;  // kPacketTooBig: the largest IP packet that fits, in bytes; IPv4 has 16 bits for it and gets at most 65,535
  // IPv4: the identification of our packet, which may be fragmented on its way, so the caller counts it up (RFC 6864
  // section 4.3).
  std::uint16_t identification = 0;
};

// `buffer` holds the offending frame from its Ethernet header on in its first `length` bytes and may be written to its end.
// `l3_offset`: of the IP header: 14, or more behind VLAN tags. The quote ends where the offending packet, its bytes in the
// buffer, the limit above or the buffer's room ends, whichever is first.
//
// Returns the length of the error's frame (a short one is not padded), or 0, with the buffer unchanged, when there must be
// none:
// - RFC 1122 section 3.2.2 and RFC 1812 section 4.3.2.7: the offending packet is an ICMP error, a fragment other than the
// first, sent
//   to a group's MAC or IP address, or its source is not one host (0/8, loopback, multicast, class E, broadcast);
// - RFC 4443 section 2.4 (e): the same for ICMPv6 errors and redirects, groups, and the unspecified address (a later fragment
// may be answered);
// - the bytes at l3_offset are not an IPv4 or IPv6 header;
// - there is no room for the IP header and 8 bytes after it, or they are not in the first `length` bytes: the least that an
// error quotes
//   (RFC 792).
// A subnet's broadcast address and a MAC address that isn't ours can't be seen here.
[[nodiscard]] std::size_t build_icmp_error(std::span<std::byte> buffer, std::size_t length, std::size_t l3_offset,
                                           const IcmpError& error);

}  // namespace penstock::packet
