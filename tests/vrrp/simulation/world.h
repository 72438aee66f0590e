// The simulated world: routers with their clocks, the LAN between them, and the queue of what is to happen.
//
// Everything runs in one thread and in the order of simulated time; the real vrrp::Router decides, and nothing else of it is
// replaced. What happens to the routers is decided in episodes.h.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "tests/vrrp/simulation/attacker.h"
#include "tests/vrrp/simulation/checker.h"
#include "tests/vrrp/simulation/lan.h"
#include "tests/vrrp/simulation/mutant.h"
#include "tests/vrrp/simulation/tally.h"
#include "tests/vrrp/simulation/trace.h"

namespace penstock::vrrp::simulation {

class World {
 public:
  World(const Scenario& scenario, Mutant mutant);

  // -- time --
  [[nodiscard]] Nanoseconds now() const { return now_; }
  void run_for(Nanoseconds time);
  // Until nothing has changed for as long as it takes to settle, then judges.
  void settle();

  // -- what happens; each is blamed for the failovers that follow, until the next one --
  void blame(Fault cause) { cause_ = cause; }
  void start(std::size_t router);
  void crash(std::size_t router);
  void stop(std::size_t router);
  void stall(std::size_t router, Nanoseconds time);
  void set_link(std::size_t router, bool up);
  void set_script(std::size_t router, std::size_t script, bool succeeds);
  void reload(std::size_t router, const RouterConfig& config);
  void cut(std::size_t from, std::size_t to);
  void heal();
  void begin_burst(unsigned lost, unsigned duplicated, Nanoseconds delay);
  void end_burst();
  // A frame that no router of ours has sent reaches this one. One that it has to believe is another router's advert.
  void receive(std::size_t router, std::vector<std::byte> frame);

  [[nodiscard]] const Scenario& scenario() const { return scenario_; }
  [[nodiscard]] const Facts& facts(std::size_t router) const { return facts_[router]; }
  [[nodiscard]] bool owns(std::size_t router) const { return checker_.owns(router, 0); }
  [[nodiscard]] Nanoseconds down_time(std::size_t router) const;
  [[nodiscard]] const Tally& tally() const { return tally_; }
  [[nodiscard]] const Trace& trace() const { return trace_; }
  [[nodiscard]] std::uint64_t attacks_rejected() const { return attacks_rejected_; }
  // Counters of all routers that are still there, against what they were attacked with.
  void check_counters() const;

 private:
  struct Node {
    std::unique_ptr<Router> router{};
    std::optional<Nanoseconds> wake{};
    std::vector<FramePool::Id> ring{};  // while it stalls
    Nanoseconds stalled_since{};
    std::uint32_t life = 0;      // crashes end one
    std::uint64_t attacked = 0;  // in this life
    std::uint64_t adverts = 0;   // for the mutants
    Nanoseconds late{};          // the same
  };
  struct Event {
    enum class Kind : std::uint8_t { kFrame, kResume, kAttack };
    Nanoseconds at{};
    std::uint64_t number = 0;  // events of one moment happen in the order in which they were planned
    Kind kind{};
    std::uint8_t router = 0;
    std::uint32_t argument = 0;  // frame, or the router's life
    bool operator>(const Event& other) const { return at != other.at ? at > other.at : number > other.number; }
  };

  void plan(Nanoseconds at, Event::Kind kind, std::size_t router, std::uint32_t argument);
  void step(const Event& event);
  void wake(std::size_t router);
  void arrive(std::size_t router, FramePool::Id id);
  void hear(std::size_t router, FramePool::Id id);
  void hear_attack(std::size_t router, const FramePool::Frame& frame);
  void resume(std::size_t router);
  void attack();
  void changed() { disturbed_at_ = std::max(disturbed_at_, now_); }
  void carry_out(std::size_t router, Call call, Actions actions, std::uint32_t added = 0);
  void send(std::size_t router, SendFrame frame);
  void transmit(std::size_t router, FramePool::Id id);
  void reschedule(std::size_t router);
  void became_master(std::size_t router, std::size_t instance);
  void end_life(std::size_t router);
  void check_rejected(std::size_t router) const;
  [[nodiscard]] TimePoint local(std::size_t router) const { return facts_[router].clock.at(now_); }

  const Scenario& scenario_;
  Mutant mutant_;
  Random random_;
  Lan lan_;
  AllFacts facts_{};
  Checker checker_;
  Attacker attacker_;
  FramePool frames_;
  std::array<Node, kMostRouters> nodes_{};
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::uint64_t planned_ = 0;
  Nanoseconds now_{};
  Nanoseconds disturbed_at_{};
  std::array<std::optional<std::size_t>, kMostInstances> last_master_{};
  Fault cause_ = Fault::kRestart;
  Tally tally_;
  Trace trace_;
  std::uint64_t attacks_rejected_ = 0;
};

}  // namespace penstock::vrrp::simulation
