// What a frame is, read a second time, byte by byte from the RFCs' pictures, without the packet layer's parser: what that is
// held against. Written to be checked by eye, not to be fast.
//
// A director sees less than the frame where that lies in several buffers: headers must stand in the first `contiguous` bytes,
// lengths are measured against all of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/packet/drop_reason.h"
#include "dataplane/packet/ip_address.h"
#include "dataplane/packet/mac_address.h"

namespace penstock::test {

struct ReferenceFrame {
  enum class Kind : std::uint8_t {
    kWhole,  // TCP or UDP
    kFirstFragment,
    kLaterFragment,
    kIcmp,
    kAdvert,     // VRRP, bare or behind an authentication header
    kNeighbour,  // ARP, IPv6 router and neighbour discovery
    kOther,
    kBroken,  // `reason` says how
  };
  Kind kind = Kind::kOther;
  packet::DropReason reason{};
  packet::MacAddress source_mac{};
  packet::MacAddress destination_mac{};
  bool has_ip = false;  // else nothing below
  bool is_v4 = false;
  bool is_fragment = false;
  std::uint8_t protocol = 0;
  std::uint8_t time_to_live = 0;
  packet::IpAddress source{};
  packet::IpAddress destination{};
  std::size_t l3 = 0;          // where the IP header begins
  std::size_t l4 = 0;          // where what it carries begins
  std::size_t end = 0;         // where the IP packet ends
  std::uint32_t datagram = 0;  // fragments: the identification
  std::uint8_t tcp_flags = 0;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;

  [[nodiscard]] std::size_t ip_length() const { return end - l3; }
};

[[nodiscard]] ReferenceFrame read_reference_frame(std::span<const std::byte> frame, std::size_t contiguous);

// The packet that an ICMP error carries back.
struct ReferenceQuote {
  enum class Kind : std::uint8_t {
    kNoError,     // not a message that carries a packet of a flow
    kUnreadable,  // cut, or no packet
    kNoFlow,      // a packet without ports
    kFlow,
  };
  Kind kind = Kind::kNoError;
  std::uint8_t protocol = 0;
  packet::IpAddress source{};
  packet::IpAddress destination{};
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
};

// `message`: from the ICMP header on.
[[nodiscard]] ReferenceQuote read_reference_quote(bool is_v4, std::span<const std::byte> message);

}  // namespace penstock::test
