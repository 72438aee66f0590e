// Whether an instance believes an advert: keepalived's checks in keepalived's order, each with a name.
//
// A rejected advert changes nothing at all in the instance: no timer, no state, no memory of the peer (keepalived up to 2.4.3
// lets any packet for its VRID re-arm the master's timer, so a flood of wrong passwords silences it). A different list of
// addresses is not a reason to reject, as in keepalived from 2.3.3 on: two masters during a change of VIPs would be worse.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vrrp/advert.h"
#include "vrrp/advert_codec.h"
#include "vrrp/spec/instance_spec.h"

namespace penstock::vrrp {

enum class Rejection : std::uint8_t {
  kLength,   // too short, or not what its count of addresses says
  kTtl,      // not 255; for a unicast peer: not within min_ttl..max_ttl
  kVersion,  // another version than ours
  kType,     // not an advertisement
  kChecksum,
  kAuthenticationType,  // not ours; AH always
  kPassword,
  kInterval,     // v2: not ours
  kDelivery,     // by multicast to an instance with peers, or by unicast to one without
  kUnknownPeer,  // check_unicast_src, and the sender is no peer
  kOwnAddress,   // it says it comes from ourselves
  kPriority,     // the owner ignores adverts (owner_ignore_adverts)
};
inline constexpr std::size_t kRejectionCount = 12;
[[nodiscard]] std::string_view to_string(Rejection rejection);  // "wrong password"

// Nothing but the name: a flood of bad frames must cost no more than this. The words are made when somebody wants them.
struct Rejected {
  Rejection why{};
};

// keepalived 2.3.4's line for the log: "(VI_1) received an invalid passwd from 10.77.0.3!". The arguments of the judge() that
// rejected.
[[nodiscard]] std::string line_of(const Rejected& rejected, const HeardFrame& frame, const InstanceSpec& spec);

struct Accepted {
  Advert advert{};
  packet::IpAddress source{};
  std::vector<std::string> remarks{};  // lines about what differs and doesn't matter: a list of addresses, v3's interval
  bool addresses_differ = false;
  bool interval_differs = false;
};

// Precondition: `frame` is of the spec's family and for its virtual router. `own`: the addresses of the instance's interface.
// `known_master`: the sender is the master that we last heard (skip_check_adv_addr).
[[nodiscard]] std::expected<Accepted, Rejected> judge(const HeardFrame& frame, const InstanceSpec& spec,
                                                      std::span<const packet::IpAddress> own, bool known_master);

}  // namespace penstock::vrrp
