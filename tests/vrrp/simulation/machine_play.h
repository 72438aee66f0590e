// Bytes as the course of a scenario: what happens to the simulated routers is the input's to say, not a random draw's.
//
// Two bytes choose the scenario; then come orders of three bytes (what, to whom, how much), some of which are followed by bytes
// of their own. The checkers of the simulation judge all of it (checker.h). The world itself is what the simulation's is: the
// real vrrp::Router, clocks that drift, frames that are late.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/vrrp/simulation/mutant.h"

namespace penstock::vrrp::simulation {

enum class Order : std::uint8_t {
  kWait,
  kSettle,
  kStart,
  kCrash,
  kStop,
  kStall,
  kLink,
  kScript,
  kReload,
  kCut,
  kHeal,
  kBadTimes,
  kGoodTimes,
  kStranger,         // a router that we haven't configured sends an advert; a byte follows: which kind
  kDamagedStranger,  // the same, then three bytes: which byte of it becomes what, and how many are cut off
  kFrame,            // a frame of the bytes that follow
};
inline constexpr std::uint8_t kOrders = 16;
inline constexpr std::size_t kMostOrders = 48;  // more are left out, so that no input takes long

// Throws Violation. `report`, where given, then says what happened.
void play_machine(std::string_view bytes, Mutant mutant = Mutant::kNone, std::string* report = nullptr);

// Orders drawn at random, as play_machine() reads them.
[[nodiscard]] std::string draw_orders(std::uint64_t seed);

}  // namespace penstock::vrrp::simulation
