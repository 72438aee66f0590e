// Walks the extension headers of an IPv6 packet to its upper-layer header, RFC 8200 section 4.
//
// One walk for all who need it: the parser of received packets, the packet that an ICMPv6 error quotes, and the check that we
// don't answer an ICMPv6 error with another. Limits: kMaximumIpv6Extensions headers, so that a packet can't buy more work than
// that; ESP hides what follows it, so it counts as the upper layer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace penstock::packet {

// Each extension header may stand once, destination options twice (RFC 8200 section 4.1): 6 with Authentication, and 2 to
// spare.
inline constexpr unsigned kMaximumIpv6Extensions = 8;

struct Ipv6Chain {
  enum class Status : std::uint8_t {
    kComplete,   // `protocol` and `offset` name the upper-layer header, or a later fragment's data
    kTruncated,  // the bytes end inside an extension header
    kTooMany,    // more than kMaximumIpv6Extensions, or a second Fragment header
  };
  Status status = Status::kComplete;
  std::uint8_t protocol = 0;          // ip_protocol; for a later fragment what its Fragment header says
  bool is_fragment = false;           // has a Fragment header that is not atomic (RFC 6946)
  bool more_fragments = false;        // of the Fragment header
  std::uint16_t fragment_offset = 0;  // in bytes
  std::uint32_t identification = 0;   // of the Fragment header, host order
  std::size_t offset = 0;  // of the upper-layer header, from the IPv6 header's first byte; it may be the end of the bytes

  [[nodiscard]] bool is_later_fragment() const { return fragment_offset != 0; }
};

// `packet` begins with an IPv6 header. Precondition: at least its 40 bytes. The version and the payload length are not looked
// at: the caller passes no more bytes than belong to the packet.
[[nodiscard]] Ipv6Chain walk_ipv6_extensions(std::span<const std::byte> packet);

}  // namespace penstock::packet
