// The ICMP error with which the reference director answers a frame, built from the RFCs' pictures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "tests/support/hex.h"
#include "tests/support/reference_frame.h"

namespace penstock::test {

enum class ReferenceError : std::uint8_t { kPortUnreachable, kTimeExceeded, kPacketTooBig };

// The whole frame of the answer, its IPv4 identification 0; nothing where no error may be sent. `read`: of `frame`, of which
// the director can quote the first `contiguous` bytes.
[[nodiscard]] std::optional<Bytes> reference_icmp_error(const Bytes& frame, std::size_t contiguous, const ReferenceFrame& read,
                                                        ReferenceError error, std::uint16_t mtu);

// Whether the checksum of an ICMP or ICMPv6 message holds.
[[nodiscard]] bool reference_icmp_intact(const ReferenceFrame& read, std::span<const std::byte> message);

}  // namespace penstock::test
