// The judges. They see what a simulated router was told, when, and what it asked for; they never ask it for its own opinion.
//
// What they hold against it is written from the RFCs (3768 and 9568, section 6) and from what operators rely on:
//  - patience: nobody becomes master before its Master_Down_Interval since the last advert that it had to respect, or, after a
//    priority 0, its skew; after a stall it listens as long;
//  - zeal: a VIP that somebody could own isn't without owner any longer than that;
//  - agreement: once nothing has changed for long enough, every router that is able to is master or hears one that it has to
//    respect, and no master hears a better one. On a healthy LAN that means: exactly one, the right one;
//  - regularity: a master's adverts are never further apart than its interval;
//  - manners: advert, ownership, announcements of every VIP with the right MAC, in this order; none of them from anybody else;
//    priority 0 on leaving; members of a sync group move together; who is unable owns nothing.
#pragma once

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "tests/vrrp/simulation/lan.h"
#include "tests/vrrp/simulation/local_clock.h"
#include "tests/vrrp/simulation/scenario.h"
#include "tests/vrrp/simulation/wire.h"

namespace penstock::vrrp::simulation {

class Violation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What the simulator has done to a router.
struct Facts {
  bool running = false;
  bool stalled = false;
  bool link_up = true;
  std::array<bool, 2> script_succeeds{true, true};  // weight, condition
  RouterConfig config{};
  LocalClock clock{};

  [[nodiscard]] bool is_eligible() const { return running && link_up && script_succeeds[1]; }
  [[nodiscard]] int priority() const;  // the effective one
};
using AllFacts = std::array<Facts, kMostRouters>;

// Why the router was called.
enum class Call : std::uint8_t { kFrame, kTime, kInterface, kScript, kStart, kReload, kStop };

class Checker {
 public:
  Checker(const Scenario& scenario, const AllFacts& facts, const Lan& lan);

  // -- what happens to a router; the facts have changed already --
  void on_enabled(std::size_t router, Nanoseconds now);                       // it is able to be master from now on
  void on_disturbed(std::size_t router, Nanoseconds now);                     // reloaded, or its priority has changed
  void on_gone(std::size_t router);                                           // crashed: with everything it owned
  void on_resumed(std::size_t router, Nanoseconds stalled, Nanoseconds now);  // before it gets its frames
  void on_heard(std::size_t router, const Wire& wire, Nanoseconds now);       // before the router does

  // -- what it asks for, in order --
  void begin(std::size_t router, Call call, Nanoseconds now);
  void on_sent(const Wire& wire);
  // True: it became master.
  [[nodiscard]] bool on_owner(std::size_t instance, bool owns);
  void end();
  // Of the call that begin() announced: VIPs that the router has to announce because a reload added them.
  void expect_added(std::uint32_t added) { added_ = added; }

  // -- over all --
  // Before anything happens at `now`.
  void on_time(Nanoseconds now) {
    if (ownerless_ && now > ownerless_until_) fail_ownerless(now);
  }
  // When nothing has changed for settling_time().
  void check_settled(Nanoseconds now) const;
  [[nodiscard]] Nanoseconds settling_time() const;
  // Of the least interval that is in use.
  [[nodiscard]] Nanoseconds down_time(int priority, Nanoseconds interval) const;

  [[nodiscard]] bool owns(std::size_t router, std::size_t instance) const { return watches_[router][instance].owns; }
  // Recomputes until when somebody has to take over. To be called after each event that changes anything.
  void refresh(Nanoseconds now);

 private:
  struct Watch {
    bool owns = false;
    TimePoint earliest{};       // patience: own clock
    Nanoseconds latest{};       // zeal: the world's clock
    TimePoint listens_until{};  // after a stall
    TimePoint last_advert{};
    std::uint32_t unannounced = 0;
    Nanoseconds announced_by{};
    // Within one call:
    bool heard_farewell = false;
    bool advertised = false;
    bool said_farewell = false;
    bool left = false;
  };

  [[noreturn]] void fail(std::size_t router, std::size_t instance, std::string_view what) const;
  [[noreturn]] void fail_ownerless(Nanoseconds now) const;
  [[nodiscard]] Nanoseconds skew(int priority, Nanoseconds interval) const;
  [[nodiscard]] Nanoseconds slowest_down_time(std::size_t router) const;
  [[nodiscard]] bool is_stronger(std::size_t a, std::size_t b) const;
  [[nodiscard]] bool hears(std::size_t router, std::size_t other) const;
  void wait_from(std::size_t router, std::size_t instance, Nanoseconds now);
  void on_advert(Watch& watch, const Wire& wire);
  void on_announcement(Watch& watch, const Wire& wire);
  void take_over(Watch& watch, std::size_t instance);
  [[nodiscard]] Nanoseconds announcement_deadline(Nanoseconds now) const;
  void check_agreement(std::size_t router, std::size_t instance) const;

  const Scenario& scenario_;
  const AllFacts& facts_;
  const Lan& lan_;
  std::array<std::array<Watch, kMostInstances>, kMostRouters> watches_{};
  bool ownerless_ = false;
  Nanoseconds ownerless_until_{};
  // The call under way.
  std::size_t router_ = 0;
  Call call_{};
  Nanoseconds now_{};
  std::uint32_t added_ = 0;
};

}  // namespace penstock::vrrp::simulation
