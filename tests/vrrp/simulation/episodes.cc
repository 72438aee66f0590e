#include "tests/vrrp/simulation/episodes.h"

#include <fmt/format.h>

#include <array>
#include <optional>

#include "tests/vrrp/simulation/world.h"

namespace penstock::vrrp::simulation {
namespace {

using namespace std::chrono_literals;

class Episodes {
 public:
  Episodes(World& world, Random random) : world_{world}, scenario_{world.scenario()}, random_{random} {}

  void run() {
    for (std::size_t i = 0; i < scenario_.routers; ++i) {
      world_.start(i);
      pause();
    }
    world_.settle();
    for (unsigned i = 0; i < scenario_.episodes; ++i) episode();
    mend();
    world_.settle();
    world_.check_counters();
  }

 private:
  void episode() {
    harm(draw_fault());
    while (random_.percent(20)) {
      pause();
      harm(draw_fault());
    }
    // Where hearing is one-way, to settle takes several rounds.
    if (random_.percent(cut_ == Fault::kOneWay ? 20 : 55)) {
      if (bad_times_) {
        world_.run_for(random_.between(interval(), interval() * 6));
        end_bad_times();
      }
      world_.settle();
    } else {
      world_.run_for(random_.between(0ns, world_.down_time(0) * 5 / 4));
    }
    if (random_.percent(85)) mend();
    if (random_.percent(45) && !bad_times_) world_.settle();
  }

  // Those that seldom lead to a failover come more often.
  Fault draw_fault() {
    static constexpr std::array<std::uint8_t, kFaults> kShares{11, 8, 4, 8, 7, 20, 11, 12, 13, 12};
    int draw = random_.between(0, 105);
    for (std::size_t fault = 0; fault < kFaults; ++fault) {
      draw -= kShares[fault];
      if (draw < 0) return static_cast<Fault>(fault);
    }
    return Fault::kBadTimes;
  }

  void harm(Fault fault) {
    world_.blame(fault);
    const std::size_t victim = draw_victim();
    switch (fault) {
      case Fault::kCrash: world_.crash(victim); break;
      case Fault::kStop: world_.stop(victim); break;
      case Fault::kRestart: restart(victim); break;
      case Fault::kStall: world_.stall(victim, random_.between(0ns, world_.down_time(victim) * 5 / 2)); break;
      case Fault::kInterface: world_.set_link(victim, false); break;
      case Fault::kReload: world_.reload(victim, draw_config(victim)); break;
      case Fault::kScript: fail_script(victim); break;
      case Fault::kPartition: partition(); break;
      case Fault::kOneWay: cut_one_way(victim); break;
      case Fault::kBadTimes: begin_bad_times(); break;
    }
  }

  void restart(std::size_t victim) {
    if (random_.percent(50)) {
      world_.crash(victim);
    } else {
      world_.stop(victim);
    }
    world_.run_for(random_.between(0ns, world_.down_time(victim) * 3 / 2));
    world_.blame(Fault::kRestart);
    world_.start(victim);
  }

  void fail_script(std::size_t victim) {
    if (!scenario_.tracks_scripts) return;
    world_.set_script(victim, random_.below(2), false);
  }

  void partition() {
    const std::uint64_t side = random_.next();
    cut_ = Fault::kPartition;
    for (std::size_t a = 0; a < scenario_.routers; ++a) {
      for (std::size_t b = 0; b < scenario_.routers; ++b) {
        if (((side >> a ^ side >> b) & 1) != 0) world_.cut(a, b);
      }
    }
  }

  // It isn't heard, doesn't hear, or only one of the others hears it no longer.
  void cut_one_way(std::size_t victim) {
    const std::size_t kind = random_.below(3);
    cut_ = Fault::kOneWay;
    const std::size_t other = random_.below(scenario_.routers);
    for (std::size_t i = 0; i < scenario_.routers; ++i) {
      if (i == victim || (kind == 2 && i != other)) continue;
      if (kind == 1) world_.cut(i, victim);
      if (kind != 1) world_.cut(victim, i);
    }
  }

  void begin_bad_times() {
    const auto lost = static_cast<unsigned>(random_.one_of({10, 50, 80, 95}));
    const Nanoseconds delay = random_.percent(50) ? random_.between(0ns, interval() * 2) : 0ns;
    world_.begin_burst(lost, random_.percent(50) ? 30 : 0, delay);
    bad_times_ = true;
  }
  void end_bad_times() {
    if (!bad_times_) return;
    world_.blame(Fault::kBadTimes);
    world_.end_burst();
    bad_times_ = false;
  }

  RouterConfig draw_config(std::size_t victim) {
    RouterConfig config = world_.facts(victim).config;
    if (config.priority != InstanceSpec::kOwnerPriority && random_.percent(85)) config.priority = draw_priority(victim);
    if (random_.percent(30)) config.addresses = static_cast<std::uint32_t>(random_.between(1, 3));
    if (random_.percent(30)) config.interval = random_.percent(50) ? scenario_.least_interval : scenario_.most_interval;
    return config;
  }

  // Mostly such that another one becomes the best.
  std::uint8_t draw_priority(std::size_t victim) {
    const std::uint8_t now = world_.facts(victim).config.priority;
    if (scenario_.equal_priorities || random_.percent(20)) return scenario_.draw_priority(random_);
    return static_cast<std::uint8_t>(world_.owns(victim) ? random_.between(1, now) : random_.between(now, 254));
  }

  // Everything is as it was, in any order.
  void mend() {
    end_bad_times();
    const std::size_t first = random_.below(scenario_.routers);
    for (std::size_t i = 0; i < scenario_.routers; ++i) mend((first + i) % scenario_.routers);
    if (cut_) heal();
  }

  void mend(std::size_t router) {
    const Facts& facts = world_.facts(router);
    if (cut_ && random_.percent(30)) heal();
    if (facts.stalled) world_.run_for(world_.down_time(router));
    if (!facts.running) {
      world_.blame(Fault::kRestart);
      world_.start(router);
      maybe_pause();
    }
    if (!facts.link_up) {
      world_.blame(Fault::kInterface);
      world_.set_link(router, true);
      maybe_pause();
    }
    for (std::size_t script = 0; script < facts.script_succeeds.size(); ++script) {
      if (facts.script_succeeds[script]) continue;
      world_.blame(Fault::kScript);
      world_.set_script(router, script, true);
      maybe_pause();
    }
  }

  void heal() {
    world_.blame(*cut_);
    world_.heal();
    cut_.reset();
    maybe_pause();
  }

  std::size_t draw_victim() {
    if (random_.percent(80)) {
      for (std::size_t i = 0; i < scenario_.routers; ++i) {
        if (world_.owns(i)) return i;
      }
    }
    return random_.below(scenario_.routers);
  }

  [[nodiscard]] Nanoseconds interval() const { return scenario_.least_interval; }
  void pause() { world_.run_for(random_.between(0ns, interval())); }
  void maybe_pause() {
    if (random_.percent(50)) pause();
  }

  World& world_;
  const Scenario& scenario_;
  Random random_;
  bool bad_times_ = false;
  std::optional<Fault> cut_;
};

}  // namespace

Result run_scenario(const Scenario& scenario, Mutant mutant) {
  World world{scenario, mutant};
  Result result;
  try {
    Episodes{world, Random{scenario.seed ^ 0xfa17}}.run();
  } catch (const Violation& violation) {
    result.violation = violation.what();
    result.report = fmt::format("{}{}{:16.9f} s  VIOLATION {}\n", describe(scenario), world.trace().text(),
                                std::chrono::duration<double>(world.now()).count(), violation.what());
  }
  result.tally = world.tally();
  result.digest = world.trace().digest();
  result.events = world.trace().events();
  result.attacks_rejected = world.attacks_rejected();
  result.simulated = world.now();
  return result;
}

}  // namespace penstock::vrrp::simulation
