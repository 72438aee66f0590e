// What a frame on the virtual LAN is, read by plain offsets: the checkers must not believe the codec that they check.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dataplane/packet/mac_address.h"
#include "vrrp/spec/tracking_spec.h"

namespace penstock::vrrp::simulation {

inline constexpr std::uint8_t kFirstVirtualRouter = 51;  // VRIDs count from here
inline constexpr unsigned kAddressesEach = 32;  // of a virtual router: the VIP's last byte is 32 times instance, plus number

struct Wire {
  enum class Kind : std::uint8_t { kUnknown, kAdvert, kAnnouncement };
  Kind kind = Kind::kUnknown;
  std::uint8_t instance = 0;              // of an advert: VRID - kFirstVirtualRouter; of an announcement: by the VIP
  std::uint8_t priority = 0;              // of an advert
  std::uint8_t address = 0;               // of an announcement: which VIP of the instance
  std::uint8_t source = 0;                // of an advert: the last byte of the sender's address
  std::optional<std::uint8_t> only_to{};  // unicast: the last byte of the receiver's address
  bool hostile = false;                   // by the attacker
  std::chrono::nanoseconds interval{};    // of an advert
  packet::MacAddress mac{};               // of an announcement: who answers for the VIP
};
[[nodiscard]] Wire read_wire(std::span<const std::byte> frame);

}  // namespace penstock::vrrp::simulation
