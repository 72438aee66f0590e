// The Internet checksum: RFC 1071, kept up to date by RFC 1624, with the pseudo-headers of TCP, UDP and ICMPv6.
//
// The idea: a one's complement sum doesn't care about byte order (RFC 1071 section 2 (B)) nor about the width of the words that
// are added (section 2 (C)). So words are taken from memory as they stand, 4 bytes at a time into a 64-bit accumulator, which
// can't overflow below 16 GiB of data, and folded to 16 bits once at the end. Nothing is ever swapped.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "dataplane/packet/big_endian.h"
#include "dataplane/packet/ip_address.h"
#include "dataplane/packet/ipv4.h"

namespace penstock::packet {

class OnesComplementSum {
 public:
  // Adds bytes as 16-bit words. An odd number of bytes is padded with a zero byte, as RFC 1071 section 1 says: so only the last
  // of several calls may bring an odd number. Any alignment.
  void add(std::span<const std::byte> bytes);

  // Adds one 16-bit word.
  void add(Be16 word) { sum_ += word.raw(); }
  // Adds 4 bytes as they stand in memory: two words.
  void add_raw32(std::uint32_t word) { sum_ += word; }

  // The sum folded to 16 bits, as it stands in memory. 0 only when every byte was 0.
  [[nodiscard]] std::uint16_t folded() const {
    std::uint64_t sum = (sum_ & 0xffff'ffff) + (sum_ >> 32);
    sum = (sum & 0xffff'ffff) + (sum >> 32);  // at most 32 bits now
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(sum);
  }
  // What to write into a checksum field that was counted as zero.
  [[nodiscard]] Be16 checksum() const { return std::bit_cast<Be16>(static_cast<std::uint16_t>(~folded())); }
  // True when the bytes, their checksum field included, are intact: the sum is "minus zero".
  [[nodiscard]] bool is_intact() const { return folded() == 0xffff; }

 private:
  std::uint64_t sum_ = 0;
};

// The same value, of which the compiler knows nothing: a product with it is one instruction, where g++ would make six shifts
// and sums.
[[nodiscard]] inline std::uint64_t opaque(std::uint64_t value) {
  asm("" : "+r"(value));
  return value;
}

// Whether the checksum of a header without options (20 bytes) holds, on every packet's path: OnesComplementSum's in 64-bit
// words with their carries. Folded to 16 bits that sum is 0xffff where it is a multiple of it but 0, and a multiple is what has
// a small product with the inverse of 0xffff modulo 2^64 (Granlund and Montgomery, "Division by Invariant Integers using
// Multiplication", 1994, section 9), which is -kOnes: 0xffff * kOnes is 2^64 - 1.
[[nodiscard]] inline bool is_ipv4_base_header_intact(const std::byte* header) {
  std::uint64_t sum = 0;
  std::uint64_t second = 0;
  std::uint32_t last = 0;
  std::memcpy(&sum, header, sizeof(sum));
  std::memcpy(&second, header + 8, sizeof(second));
  std::memcpy(&last, header + 16, sizeof(last));
  sum += __builtin_add_overflow(sum, second, &sum) ? 1 : 0;
  sum += __builtin_add_overflow(sum, last, &sum) ? 1 : 0;
  constexpr std::uint64_t kOnes = 0x0001'0001'0001'0001;
  // The product with the inverse, which is at most kOnes and not 0, with its sign changed.
  return sum * opaque(kOnes) >= -kOnes;
}

// Precondition: `header` is the whole header, options included: 20 to 60 bytes.
[[nodiscard]] inline bool ipv4_header_checksum_ok(std::span<const std::byte> header) {
  if (header.size() == sizeof(Ipv4Header)) [[likely]]
    return is_ipv4_base_header_intact(header.data());
  OnesComplementSum sum;
  sum.add(header);
  return sum.is_intact();
}

// The value for header_checksum; the present value of that field doesn't matter. Precondition as above.
[[nodiscard]] Be16 ipv4_header_checksum(std::span<const std::byte> header);

// RFC 1624 equation 3: the checksum after one 16-bit word under it changes from `before` to `after`. Not equation 4, nor RFC
// 1141: those can give 0xffff where a full computation gives 0.
[[nodiscard]] constexpr Be16 updated_checksum(Be16 checksum, Be16 before, Be16 after) {
  std::uint32_t sum = static_cast<std::uint16_t>(~checksum.raw());
  sum += static_cast<std::uint16_t>(~before.raw());
  sum += after.raw();
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return std::bit_cast<Be16>(static_cast<std::uint16_t>(~sum));
}

// Takes 1 from time_to_live and corrects header_checksum: equation 3 for the word (time_to_live, protocol), which falls by
// 0x0100, so the checksum rises by it, which in memory is 1. There is a carry where that gives 0xffff, too, which is what
// equation 4 forgets: where 2 would give more than 16 bits. Precondition: time_to_live > 0.
constexpr void decrement_ttl(Ipv4Header& header) {
  const std::uint16_t before = header.header_checksum.raw();
  std::uint16_t beyond = 0;
  const bool carries = __builtin_add_overflow(before, std::uint16_t{2}, &beyond);
  header.header_checksum = std::bit_cast<Be16>(static_cast<std::uint16_t>(before + 1 + (carries ? 1 : 0)));
  --header.time_to_live;
}

// RFC 9293 section 3.1 and RFC 768. `length`: transport header and data, in bytes.
[[nodiscard]] OnesComplementSum pseudo_header(Ipv4Address source, Ipv4Address destination, std::uint8_t protocol,
                                              std::uint16_t length);
// RFC 8200 section 8.1. `length`: upper-layer header and data, in bytes.
[[nodiscard]] OnesComplementSum pseudo_header(const Ipv6Address& source, const Ipv6Address& destination,
                                              std::uint8_t next_header, std::uint32_t length);

// `message`: from the ICMP header to the end of the IP packet, whole. RFC 792.
[[nodiscard]] bool icmp_checksum_ok(std::span<const std::byte> message);
// The same for ICMPv6, which counts the pseudo-header. RFC 4443 section 2.3.
[[nodiscard]] bool icmpv6_checksum_ok(const Ipv6Address& source, const Ipv6Address& destination,
                                      std::span<const std::byte> message);

}  // namespace penstock::packet
