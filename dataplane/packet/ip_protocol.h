// Numbers of the IPv4 protocol field and the IPv6 next header field (one IANA registry, "Assigned Internet Protocol Numbers").
//
// Plain constants beside the enum Protocol of ip_address.h: that one names what a virtual service may be, these name what a
// byte from the wire may say.
#pragma once

#include <cstdint>

namespace penstock::packet::ip_protocol {

inline constexpr std::uint8_t kHopByHop = 0;  // RFC 8200 section 4.3
inline constexpr std::uint8_t kIcmp = 1;
inline constexpr std::uint8_t kIgmp = 2;
inline constexpr std::uint8_t kTcp = 6;
inline constexpr std::uint8_t kUdp = 17;
inline constexpr std::uint8_t kRouting = 43;   // RFC 8200 section 4.4
inline constexpr std::uint8_t kFragment = 44;  // RFC 8200 section 4.5
inline constexpr std::uint8_t kEsp = 50;
inline constexpr std::uint8_t kAuthentication = 51;  // RFC 4302
inline constexpr std::uint8_t kIcmpv6 = 58;
inline constexpr std::uint8_t kNoNextHeader = 59;        // RFC 8200 section 4.7
inline constexpr std::uint8_t kDestinationOptions = 60;  // RFC 8200 section 4.6
inline constexpr std::uint8_t kVrrp = 112;
inline constexpr std::uint8_t kSctp = 132;

}  // namespace penstock::packet::ip_protocol
