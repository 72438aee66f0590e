// The forwarder and the reference director live the same day, and each outcome is compared: verdict, bytes, what is counted.
//
// The forwarder gets bursts as a worker makes them, each frame in a buffer of just its size; the reference gets the same frames
// one by one. What the reference leaves open (ReferenceDirector) isn't compared.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "tests/core/director/frame_script.h"
#include "tests/core/director/reference_director.h"
#include "tests/core/test_worker.h"

namespace penstock::test {

// What the comparison must see, planted: in the forwarder's outcomes, in what it is told, or in what the reference is told.
enum class PlantedFault : std::uint8_t {
  kNone,
  kMovesFlow,          // now and then a frame goes to another server
  kKeepsMac,           // or is sent from the MAC address that it was sent to
  kKeepsTtl,           // or with the TTL that it came with
  kForgetsToCount,     // a dropped frame is not counted
  kForgetsItsLength,   // a server's bytes don't grow
  kLosesConnections,   // all connections are gone in the middle of the day
  kLongerTimeout,      // connections stay in FIN_WAIT a second longer than they should
  kLateConfiguration,  // a change reaches the worker one change later
  kLosesHeldFragment,  // a fragment that was held isn't given back
};

class Differential {
 public:
  Differential(const FrameScript::Start& start, PlantedFault fault = PlantedFault::kNone);

  // What differed; empty: nothing.
  std::string step(const ScriptStep& step);
  // The last burst, then what stands when all that has ended is swept away.
  std::string finish();

  [[nodiscard]] std::uint64_t frames() const { return frames_; }
  [[nodiscard]] std::uint64_t seen(core::Action action) const { return tally_.actions.at(static_cast<std::size_t>(action)); }
  [[nodiscard]] std::uint64_t seen(packet::DropReason reason) const {
    return tally_.drops.at(static_cast<std::size_t>(reason));
  }
  [[nodiscard]] std::uint64_t seen(core::PuntClass punt) const { return tally_.punts.at(static_cast<std::size_t>(punt)); }
  [[nodiscard]] const ReferenceCounters& counters() const { return reference_.counters(); }

 private:
  struct Tally {
    std::array<std::uint64_t, core::kActionCount> actions{};
    std::array<std::uint64_t, packet::kDropReasonCount> drops{};
    std::array<std::uint64_t, core::kPuntClassCount> punts{};
    friend bool operator==(const Tally&, const Tally&) = default;
  };

  std::string run_burst();
  std::string pass(core::Tick ticks);
  std::string change(const Situation& situation, bool is_new_list);
  std::string begin_in_each_service();
  std::string compare(std::vector<ReferenceOutcome> expected, std::vector<Handled> outcomes, std::size_t in_burst);
  std::string compare(const ReferenceOutcome& expected, const Handled& outcome);
  std::string compare_counters();
  std::string compare_loads();
  void count(const Outcome& outcome);
  void misbehave(std::vector<Handled>& outcomes, std::size_t in_burst);
  void make_worker();
  [[nodiscard]] core::Tick now() const { return start_ + static_cast<core::Tick>(passed_); }

  PlantedFault fault_;
  Situation situation_;
  ReferenceDirector reference_;
  core::CounterBoard board_{1};
  std::unique_ptr<TestWorker> worker_;
  std::uint32_t generation_ = 1;
  std::unique_ptr<const core::Snapshot> snapshot_;
  std::unique_ptr<const core::Snapshot> late_snapshot_;  // kLateConfiguration
  core::Tick start_;
  std::uint64_t passed_ = 0;
  std::uint16_t fresh_port_ = 20'000;
  std::vector<ReferenceInput> burst_;
  std::uint64_t frames_ = 0;
  std::uint64_t forwarded_ = 0;
  Tally tally_;
  bool has_services_ = true;
};

// A whole script. Empty: nothing differed.
[[nodiscard]] std::string run_script(std::span<const std::byte> script, PlantedFault fault = PlantedFault::kNone);

}  // namespace penstock::test
