#include "dataplane/packet/checksum.h"

namespace penstock::packet {

void OnesComplementSum::add(std::span<const std::byte> bytes) {
  // Two 32-bit halves per step: no carry to look after, and the compiler turns the loop into vector adds.
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t sum = 0;
  for (; left >= sizeof(std::uint64_t); left -= sizeof(std::uint64_t), at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof(word));
    sum += (word & 0xffff'ffff) + (word >> 32);
  }
  if (left > 0) {
    std::uint64_t tail = 0;  // the missing bytes are RFC 1071's padding
    std::memcpy(&tail, at, left);
    sum += (tail & 0xffff'ffff) + (tail >> 32);
  }
  sum_ += sum;
}

Be16 ipv4_header_checksum(std::span<const std::byte> header) {
  constexpr std::size_t kField = offsetof(Ipv4Header, header_checksum);
  OnesComplementSum sum;
  sum.add(header.first(kField));
  sum.add(header.subspan(kField + sizeof(Be16)));
  return sum.checksum();
}

OnesComplementSum pseudo_header(Ipv4Address source, Ipv4Address destination, std::uint8_t protocol, std::uint16_t length) {
  OnesComplementSum sum;
  sum.add_raw32(source.raw());
  sum.add_raw32(destination.raw());
  sum.add(Be16{protocol});
  sum.add(Be16{length});
  return sum;
}

OnesComplementSum pseudo_header(const Ipv6Address& source, const Ipv6Address& destination, std::uint8_t next_header,
                                std::uint32_t length) {
  OnesComplementSum sum;
  sum.add(std::as_bytes(std::span{source.bytes}));
  sum.add(std::as_bytes(std::span{destination.bytes}));
  sum.add_raw32(Be32{length}.raw());
  sum.add(Be16{next_header});
  return sum;
}

bool icmp_checksum_ok(std::span<const std::byte> message) {
  OnesComplementSum sum;
  sum.add(message);
  return sum.is_intact();
}

bool icmpv6_checksum_ok(const Ipv6Address& source, const Ipv6Address& destination, std::span<const std::byte> message) {
  OnesComplementSum sum = pseudo_header(source, destination, ip_protocol::kIcmpv6, static_cast<std::uint32_t>(message.size()));
  sum.add(message);
  return sum.is_intact();
}

}  // namespace penstock::packet
