// What should follow from results of checks, told once more in the plainest way: what the simulator holds the checker and the
// monitor against.
//
// Written from docs/HEALTHCHECKS.md and keepalived's behaviour, not from the monitor. It keeps histories (each probe's results)
// and works everything out from them anew whenever asked: whether a check is up, when it is due, who is alive, with which
// weight, which rows a table has. The one thing that isn't a function of the present is quorum, because of its hysteresis: one
// bool. Slow on purpose. Limits: no server has the same check twice; texts about single checks are not foretold, only whether
// there are any.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "healthcheck/monitor.h"

namespace penstock::healthcheck {

// Scripts, fifo lines, mails' subjects and log lines about servers and quorums, in order: "run /bin/x", "fifo VS ... UP", ...
using Said = std::vector<std::string>;

class ReferenceModel {
 public:
  struct Result {
    bool is_success = false;
    std::optional<std::int64_t> weight{};
    TimePoint began{};
    TimePoint ended{};
  };
  // A check that runs, and all it ever saw.
  struct Probe {
    CheckSpec spec{};
    bool is_up_at_first = true;
    TimePoint first{};
    std::vector<Result> results{};

    [[nodiscard]] bool is_up() const;
    [[nodiscard]] TimePoint due() const;
    [[nodiscard]] std::size_t failures() const;  // in a row, up to the last result
  };
  struct Link {
    std::shared_ptr<Probe> probe;
    bool is_up_at_first = true;

    [[nodiscard]] bool is_up() const { return probe->results.empty() ? is_up_at_first : probe->is_up(); }
  };
  struct Server {
    MonitoredServer is{};
    std::vector<Link> links{};

    [[nodiscard]] bool is_alive() const;
    [[nodiscard]] std::int64_t weight() const;           // unclamped
    [[nodiscard]] std::int64_t weight_in_table() const;  // 0..2^31-1
  };
  struct Service {
    MonitoredService is{};
    std::vector<Server> servers{};
    bool has_quorum = false;

    [[nodiscard]] ServiceKey key() const { return {is.endpoint, is.protocol}; }
    [[nodiscard]] std::int64_t living_weight() const;
    [[nodiscard]] bool is_sorry() const { return is.policy.sorry_server && !has_quorum; }
    [[nodiscard]] Table table() const;
  };

  // `first_delay`: from a check's start to its first probe.
  ReferenceModel(bool shares_checks, Duration (*first_delay)(const CheckSpec&))
      : shares_checks_{shares_checks}, first_delay_{first_delay} {}

  Said apply(const std::vector<MonitoredService>& wanted, const GlobalPolicy& global, TimePoint now);
  Said report(Probe& probe, const Result& result);
  Said stop();

  [[nodiscard]] const std::vector<Service>& services() const { return services_; }

 private:
  Service renewed(const MonitoredService& wanted, const Service* old, std::vector<std::shared_ptr<Probe>>& known, TimePoint now,
                  Said& said) const;
  void tell_differences(Said& said, const Service& service, const Service* old) const;
  static void update_quorum(Service& service, bool was_sorry, bool is_new, Said& said);

  bool shares_checks_;
  Duration (*first_delay_)(const CheckSpec&);
  GlobalPolicy global_;
  std::vector<Service> services_;
};

}  // namespace penstock::healthcheck
