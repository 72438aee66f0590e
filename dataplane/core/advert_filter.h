// What workers know of our virtual routers' adverts: enough to tell those that can't be believed from the frame alone.
//
// The problem: protocol 112 is one thread's to judge, and whoever is on the link can send a million wrong frames a second; the
// adverts that count must find their way through. The idea: a worker makes the checks that need no state (length, TTL, version,
// password, interval, checksum; in keepalived's order, as vrrp/advert_check.cc does), and what fails them takes another way
// (advert_gate.h). The limit: what this says decides the way only. The VRRP thread judges each frame that it gets anew, so a
// filter that is a moment older than the configuration there makes nobody deaf. Immutable, a part of the snapshot.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/core/frame.h"
#include "dataplane/core/ids.h"
#include "dataplane/packet/advert_header.h"
#include "dataplane/packet/parse.h"

namespace penstock::core {

// What is wrong with an advert, as far as workers look.
enum class AdvertFault : std::uint8_t {
  kNone,
  kUnreadable,     // a fragment, IPv6 extension headers, too short to name a virtual router
  kUnknownRouter,  // another VRID, family or port
  kAuthenticationType,
  kLength,
  kTtl,
  kVersion,
  kPassword,
  kInterval,  // version 2's
  kType,
  kChecksum,
  kDelivery,  // by multicast to a router with peers, or by unicast to one without
};
inline constexpr std::size_t kAdvertFaultCount = 12;

// What the adverts of one virtual router must be like.
struct ExpectedAdvert {
  static constexpr std::uint16_t kNoInterval = 0xffff;  // none that version 2 can say

  OwnerId router{};  // not kAlwaysOurs
  PortIndex port = 0;
  packet::Family family = packet::Family::kIpv4;
  std::uint8_t virtual_router_id = 0;
  std::uint8_t version = 2;
  bool unicast = false;       // from peers, whose TTL is looked at later
  bool has_password = false;  // version 2
  std::uint16_t seconds = 1;  // version 2's interval, or kNoInterval
  std::array<std::byte, packet::kAuthenticationSize> password{};
};

class AdvertFilter {
 public:
  struct Opinion {
    AdvertFault fault{};
    OwnerId router = kAlwaysOurs;  // whose advert it is; kAlwaysOurs: nobody's here
  };

  AdvertFilter() = default;  // expects none
  // Of two for the same port, family and VRID the first counts.
  explicit AdvertFilter(std::vector<ExpectedAdvert> expected);

  // Precondition: the frame is of protocol 112 or is_authenticated_advert(), and came in by the port in `frame`.
  [[nodiscard]] Opinion look(const Frame& frame, const packet::ParsedFrame& parsed) const;

 private:
  [[nodiscard]] const ExpectedAdvert* find(PortIndex port, packet::Family family, std::uint8_t virtual_router_id) const;

  std::vector<ExpectedAdvert> expected_;
  std::vector<std::uint16_t> places_;  // by port, family and VRID: one more than the place in expected_; empty: none at all
};

// Whether it is VRRP behind an AH header (RFC 2338) in IPv4; for IPv6 the parser looks behind it. Precondition: not malformed.
[[nodiscard]] bool is_authenticated_advert(const Frame& frame, const packet::ParsedFrame& parsed);

}  // namespace penstock::core
