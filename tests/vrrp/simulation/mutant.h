// Faults planted into the routers of a simulation, each of which the checkers must find.
//
// None changes vrrp/: a mutant bends what the router is told, when it is called, or what it asked for.
#pragma once

#include <cstdint>
#include <string_view>

#include "tests/vrrp/simulation/wire.h"
#include "vrrp/router.h"

namespace penstock::vrrp::simulation {

enum class Mutant : std::uint8_t {
  kNone,
  kKeepsAddresses,
  kSwallowsAnnouncements,
  kForgetsLastAddress,
  kAnnouncesWrongMac,
  kAnnouncesBeforeAdvert,
  kOwnsBeforeAdvert,
  kRejectedAdvertRearmsTimer,
  kIgnoresSkew,
  kIgnoresPriorityZero,
  kTiesByLowerAddress,
  kAdvertisesTooRarely,
  kDoesNotListenAfterStall,
  kGroupOutOfStep,
  kIgnoresNopreempt,
  kToleratesSecondMaster,
  kIgnoresLinkDown,
  kIgnoresTrackers,
  kStopsWithoutFarewell,
  kBelievesAnyPassword,
  kForgetsReload,
  kDeafBackup,
};
inline constexpr std::uint8_t kMutants = 22;  // kNone included
[[nodiscard]] std::string_view to_string(Mutant mutant);

// The configuration as a router with this fault would understand it.
void mutate_spec(RouterSpec& spec, Mutant mutant);
// False: the router doesn't get to see the frame.
[[nodiscard]] bool lets_in(const Wire& wire, bool owns, Mutant mutant);
// The frame as a router with this fault would read it. `own`: the last byte of its address.
void mutate_incoming(std::vector<std::byte>& frame, const Wire& wire, std::uint8_t own, Mutant mutant);
void mutate_actions(Actions& actions, bool stopping, std::uint64_t& adverts, Mutant mutant);

}  // namespace penstock::vrrp::simulation
