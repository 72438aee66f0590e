// The simulator proves itself: monitors and checkers with a planted mistake, each of which it must find.
//
// Mistakes are made in what goes into the subject and in what comes out of it; the code under test knows nothing of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <set>
#include <utility>

#include "tests/healthcheck/simulator.h"

namespace penstock::healthcheck {
namespace {

constexpr std::uint64_t kSequences = 2000;

// Simulates until a difference shows.
template <typename Mutant>
void expect_to_be_found() {
  const MakeSubject make_subject = [](const Sequence& sequence) { return std::make_unique<Mutant>(sequence); };
  for (std::uint64_t seed = 1; seed <= kSequences; ++seed) {
    const Sequence sequence{seed};
    Coverage coverage{};
    if (!simulate(sequence, *make_subject(sequence), coverage)) continue;
    const Sequence small = shrunk(sequence, make_subject);
    std::cout << "  found by sequence " << seed
              << "; the shortest: " << describe(small, simulate(small, *make_subject(small), coverage).value()) << '\n';
    return;
  }
  FAIL() << "not found by " << kSequences << " sequences";
}

class HysteresisIsOneOff : public Subject {
 public:
  using Subject::Subject;
  Actions apply(std::vector<MonitoredService> services, const GlobalPolicy& global) override {
    for (MonitoredService& service : services) {
      if (service.policy.hysteresis > 0) --service.policy.hysteresis;
    }
    return Subject::apply(std::move(services), global);
  }
};

// With weights of 1 for the monitor, and those of the configuration in the tables.
class QuorumCountsServers : public Subject {
 public:
  using Subject::Subject;
  Actions apply(std::vector<MonitoredService> services, const GlobalPolicy& global) override {
    for (MonitoredService& service : services) {
      for (MonitoredServer& server : service.servers) {
        weights_[{service.endpoint, server.endpoint}] = std::exchange(server.weight, 1);
      }
    }
    return Subject::apply(std::move(services), global);
  }
  Table table(const ServiceKey& key) override {
    Table table = Subject::table(key);
    for (TableRow& row : table) {
      if (row.weight == 1 && !row.is_sorry_server) row.weight = weights_.at({key.endpoint, row.endpoint});
    }
    return table;
  }

 private:
  std::map<std::pair<packet::Endpoint, packet::Endpoint>, std::uint32_t> weights_;
};

class InhibitedServersAreRemoved : public Subject {
 public:
  using Subject::Subject;
  Table table(const ServiceKey& key) override {
    std::set<packet::Endpoint> down;
    for (const auto& service : status()) {
      for (const auto& server : service.servers) {
        if (service.key == key && !server.is_up) down.insert(server.endpoint);
      }
    }
    Table table = Subject::table(key);
    std::erase_if(table, [&](const TableRow& row) { return !row.is_sorry_server && down.contains(row.endpoint); });
    return table;
  }
};

class OneMoreRetry : public Subject {
 public:
  using Subject::Subject;
  Checker checker(const CheckSpec& spec, bool up, TimePoint first) override {
    CheckSpec mutated = spec;
    ++mutated.pace.retry;
    return Checker{mutated, up, first};
  }
};

class ScriptsPeriodsCountFromTheirEnd : public Subject {
 public:
  using Subject::Subject;
  Checker checker(const CheckSpec& spec, bool up, TimePoint first) override {
    return Checker{spec.pace, up, first, Checker::Period::kFromEnd, Checker::while_down(spec)};
  }
};

class ATableChangedIsLost : public Subject {
 public:
  using Subject::Subject;
  Actions report(CheckReport report) override {
    Actions actions = Subject::report(std::move(report));
    std::erase_if(actions, [&](const Action& action) { return std::holds_alternative<TableChanged>(action) && ++seen_ == 5; });
    return actions;
  }

 private:
  int seen_ = 0;
};

// Begins anew with each configuration.
class AReloadForgets : public Subject {
 public:
  using Subject::Subject;
  Actions apply(std::vector<MonitoredService> services, const GlobalPolicy& global) override {
    Actions actions;
    for (const auto& service : status()) {
      for (const auto& server : service.servers) {
        for (const auto& check : server.checks) {
          if (stopped_.insert(check.id).second) actions.emplace_back(StopCheck{check.id});
        }
      }
    }
    stopped_.clear();
    renew();
    for (Action& action : Subject::apply(std::move(services), global)) actions.push_back(std::move(action));
    return actions;
  }

 private:
  std::set<CheckId> stopped_;
};

class WeightsOfChecksAreLost : public Subject {
 public:
  using Subject::Subject;
  Actions report(CheckReport report) override {
    report.result.weight.reset();
    return Subject::report(std::move(report));
  }
};

class TheSorryServerStays : public Subject {
 public:
  using Subject::Subject;
  Table table(const ServiceKey& key) override {
    Table table = Subject::table(key);
    const auto sorry = std::ranges::find_if(table, [](const TableRow& row) { return row.is_sorry_server && row.weight > 0; });
    if (sorry != table.end()) {
      last_[key] = *sorry;
    } else if (const auto last = last_.find(key); last != last_.end()) {
      table.push_back(last->second);
    }
    return table;
  }

 private:
  std::map<ServiceKey, TableRow> last_;
};

// What a shared check says reaches the first of its services only.
class ASharedCheckCountsOnce : public Subject {
 public:
  using Subject::Subject;
  Actions report(CheckReport report) override {
    std::map<ServiceKey, Table> before;
    for (const auto& service : status()) before[service.key] = table(service.key);
    Actions actions = Subject::report(std::move(report));
    bool is_first = true;
    for (const Action& action : actions) {
      const auto* const changed = std::get_if<TableChanged>(&action);
      if (changed == nullptr) continue;
      if (std::exchange(is_first, false)) {
        stale_.erase(changed->service);
      } else {
        stale_[changed->service] = before.at(changed->service);
      }
    }
    return actions;
  }
  Table table(const ServiceKey& key) override {
    const auto stale = stale_.find(key);
    return stale != stale_.end() ? stale->second : Subject::table(key);
  }

 private:
  std::map<ServiceKey, Table> stale_;
};

class NotifyScriptsSwapPlaces : public Subject {
 public:
  using Subject::Subject;
  Actions report(CheckReport report) override {
    Actions actions = Subject::report(std::move(report));
    std::ranges::stable_partition(actions, [](const Action& action) { return !std::holds_alternative<RunScript>(action); });
    return actions;
  }
};

TEST(MutantIsFound, AHysteresisThatIsOneOff) { expect_to_be_found<HysteresisIsOneOff>(); }
TEST(MutantIsFound, AQuorumThatCountsServers) { expect_to_be_found<QuorumCountsServers>(); }
TEST(MutantIsFound, AnInhibitedServerThatIsRemoved) { expect_to_be_found<InhibitedServersAreRemoved>(); }
TEST(MutantIsFound, OneRetryTooMany) { expect_to_be_found<OneMoreRetry>(); }
TEST(MutantIsFound, APeriodThatCountsFromTheWrongMoment) { expect_to_be_found<ScriptsPeriodsCountFromTheirEnd>(); }
TEST(MutantIsFound, ATableChangeThatIsLost) { expect_to_be_found<ATableChangedIsLost>(); }
TEST(MutantIsFound, AReloadThatForgetsWhoIsDown) { expect_to_be_found<AReloadForgets>(); }
TEST(MutantIsFound, WeightsOfChecksThatAreLost) { expect_to_be_found<WeightsOfChecksAreLost>(); }
TEST(MutantIsFound, ASorryServerThatStays) { expect_to_be_found<TheSorryServerStays>(); }
TEST(MutantIsFound, ASharedCheckThatCountsOnce) { expect_to_be_found<ASharedCheckCountsOnce>(); }
TEST(MutantIsFound, ScriptsThatRunInAnotherPlace) { expect_to_be_found<NotifyScriptsSwapPlaces>(); }

}  // namespace
}  // namespace penstock::healthcheck
