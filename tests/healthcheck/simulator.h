// Drives the real checkers and the real monitor through a random sequence of events on a virtual clock, and compares everything
// that they say and hold with the reference model after each one.
//
// A sequence is a seed: the configuration, the events and their dice all follow from it. An event means something in whatever
// state it meets (`the next check that ends, ends so`), so a failing sequence is made small by leaving events out. The checkers
// are driven as the health thread's prober does it: one for each StartCheck, asked when it says, its step reported.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "healthcheck/monitor.h"
#include "tests/healthcheck/random_configuration.h"

namespace penstock::healthcheck {

struct Event {
  enum class Kind : std::uint8_t {
    kProbe,   // the check that ends next in virtual time has a result
    kReload,  // the configuration changes
    kStale,   // a report of a check that was stopped was still under way
    kStop,    // the daemon ends; the last event
  };
  Kind kind{};
  std::uint64_t dice = 0;
};

struct Sequence {
  bool shares_checks = true;
  std::size_t successes_in_ten = 5;
  RandomConfiguration configuration;
  std::vector<Event> events{};

  explicit Sequence(std::uint64_t seed) : Sequence{Random{seed}} {}

 private:
  explicit Sequence(Random random);
};

// What is under test; a mutant changes what goes in or comes out.
class Subject {
 public:
  explicit Subject(const Sequence& sequence) : options_{.share_checks = sequence.shares_checks} { renew(); }
  virtual ~Subject() = default;
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  virtual Actions apply(std::vector<MonitoredService> services, const GlobalPolicy& global) {
    return monitor_->apply(services, global);
  }
  virtual Actions report(CheckReport report) { return monitor_->report(report); }
  virtual Actions stop() { return monitor_->stop(); }
  virtual Table table(const ServiceKey& key) { return monitor_->table(key); }
  virtual Checker checker(const CheckSpec& spec, bool up, TimePoint first) { return Checker{spec, up, first}; }
  [[nodiscard]] std::vector<Monitor::ServiceStatus> status() const { return monitor_->status(); }

 protected:
  void renew() { monitor_ = std::make_unique<Monitor>(options_); }

 private:
  Monitor::Options options_;
  std::unique_ptr<Monitor> monitor_;
};

// What a sequence met, so that a run can show that it wasn't empty.
enum class Met : std::uint8_t {
  kQuorumLost,
  kQuorumRegained,
  kSorryInUse,
  kInhibited,
  kKeptDownOverReload,
  kSharedCheck,
  kWeightChange,
  kOmega,
  kRetried,
  kStaleReport,
  kUnsharedChecks,
};
inline constexpr std::size_t kThingsToMeet = static_cast<std::size_t>(Met::kUnsharedChecks) + 1;
using Coverage = std::array<bool, kThingsToMeet>;

struct Difference {
  std::size_t event = 0;  // 0: the start, n: the nth event
  std::string text{};
};

// The first difference between the subject and the reference model, if there is one.
std::optional<Difference> simulate(const Sequence& sequence, Subject& subject, Coverage& coverage);

using MakeSubject = std::function<std::unique_ptr<Subject>(const Sequence&)>;
// The sequence without the events that the difference doesn't need.
Sequence shrunk(Sequence sequence, const MakeSubject& make_subject);
// The events and the difference, for people.
std::string describe(const Sequence& sequence, const Difference& difference);

}  // namespace penstock::healthcheck
