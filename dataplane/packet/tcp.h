// The TCP header, RFC 9293 section 3.1.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/packet/big_endian.h"

namespace penstock::packet {

namespace tcp_flag {
inline constexpr std::uint8_t kFin = 0x01;
inline constexpr std::uint8_t kSyn = 0x02;
inline constexpr std::uint8_t kRst = 0x04;
inline constexpr std::uint8_t kPsh = 0x08;
inline constexpr std::uint8_t kAck = 0x10;
inline constexpr std::uint8_t kUrg = 0x20;
inline constexpr std::uint8_t kEce = 0x40;  // RFC 3168
inline constexpr std::uint8_t kCwr = 0x80;  // RFC 3168
}  // namespace tcp_flag

// Without options, which follow it: header_length() says how many bytes in all.
struct TcpHeader {
  Be16 source_port;
  Be16 destination_port;
  Be32 sequence_number;
  Be32 acknowledgment_number;
  std::uint8_t data_offset_reserved;  // 4 bits of header length in units of 4 bytes, 4 reserved
  std::uint8_t flags;                 // tcp_flag
  Be16 window;
  Be16 checksum;
  Be16 urgent_pointer;

  // In bytes, options included: 0 to 60. Under 20 is invalid, and nothing here checks it.
  [[nodiscard]] constexpr unsigned header_length() const { return (data_offset_reserved & 0xf0U) >> 2; }
};
static_assert(sizeof(TcpHeader) == 20 && alignof(TcpHeader) == 1);
static_assert(offsetof(TcpHeader, sequence_number) == 4 && offsetof(TcpHeader, acknowledgment_number) == 8);
static_assert(offsetof(TcpHeader, data_offset_reserved) == 12 && offsetof(TcpHeader, flags) == 13);
static_assert(offsetof(TcpHeader, window) == 14 && offsetof(TcpHeader, checksum) == 16);
static_assert(offsetof(TcpHeader, urgent_pointer) == 18);

}  // namespace penstock::packet
