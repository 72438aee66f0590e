// Who says which IP address is at its MAC address: what ARP and IPv6's neighbour advertisements tell everybody on the wire.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "dataplane/packet/ip_address.h"
#include "dataplane/packet/mac_address.h"

namespace penstock::packet {

struct AddressClaim {
  IpAddress address{};
  MacAddress mac{};

  friend bool operator==(const AddressClaim&, const AddressClaim&) = default;
};

// The claim of an Ethernet frame from outside: the sender of an ARP request or reply (RFC 826; gratuitous ones included), or
// the target of a neighbour advertisement that RFC 4861 section 7.1.2 accepts. Nothing for any other frame: an ARP probe (RFC
// 5227: its sender is 0.0.0.0) claims nothing; advertisements behind extension headers and tagged frames aren't read.
[[nodiscard]] std::optional<AddressClaim> address_claim_of(std::span<const std::byte> frame);

}  // namespace penstock::packet
