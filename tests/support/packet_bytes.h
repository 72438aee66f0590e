// Small things that the makers of test frames share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/packet/overlay.h"
#include "tests/support/hex.h"

namespace penstock::test {

// RFC 1071 over 16-bit words in network order, the slow and plain way: the reference for checksum.h. In host order.
[[nodiscard]] std::uint16_t reference_checksum(std::span<const std::byte> bytes);

template <packet::WireHeader Header>
[[nodiscard]] Bytes bytes_of(const Header& header) {
  const auto bytes = std::as_bytes(std::span{&header, 1});
  return {bytes.begin(), bytes.end()};
}

void append(Bytes& to, std::span<const std::byte> bytes);
void write_be16(Bytes& bytes, std::size_t at, std::uint16_t value);

// Where the IP header of a frame begins, behind any VLAN tags.
[[nodiscard]] std::size_t layer3_offset(std::span<const std::byte> frame);

// Computes the header checksum of an IPv4 packet over its first `header_size` bytes.
void set_ipv4_checksum(Bytes& ip, std::size_t header_size);

}  // namespace penstock::test
