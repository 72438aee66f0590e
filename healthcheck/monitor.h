// From verdicts of checks to tables of real servers: the one door through which a result changes what is forwarded.
//
// The monitor knows every virtual server and real server of the configuration, which check speaks for which of them (identical
// checks run once), who is up, and whether quorum holds. It takes configurations and reports, and returns what is to be done:
// checks to start and stop, log lines in keepalived's wording, scripts, fifo lines and mails, in their order; tables that
// became others are marked, and the caller publishes all of them in one snapshot, so no client ever meets a half-changed or
// empty one.
//
// Where it differs from keepalived on purpose: quorum's loss and gain swap the table at once and leave connections to living
// servers alone (they drain); a server that was down stays down over a reload, and checks that didn't change run on; identical
// checks are shared. docs/HEALTHCHECKS.md has the whole list.
//
// Pure: no clock, no socket. Control-owned.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "healthcheck/report.h"
#include "healthcheck/spec/policy.h"
#include "notify/action.h"

namespace penstock::healthcheck {

struct MonitoredServer {
  packet::Endpoint endpoint{};
  std::uint32_t weight = 1;  // of the configuration
  ServerPolicy policy{};
};

struct MonitoredService {
  packet::Endpoint endpoint{};
  packet::Protocol protocol{};
  ServicePolicy policy{};
  std::vector<MonitoredServer> servers{};
};

struct ServiceKey {
  packet::Endpoint endpoint{};
  packet::Protocol protocol{};
  friend auto operator<=>(const ServiceKey&, const ServiceKey&) = default;
};

// A row of a service's table. A server that isn't there gets nothing: its connections wait (or end, by expire_nodest_conn).
struct TableRow {
  packet::Endpoint endpoint{};
  std::uint32_t weight = 0;  // 0: keeps its connections, gets no new ones
  bool is_sorry_server = false;
  friend bool operator==(const TableRow&, const TableRow&) = default;
};
using Table = std::vector<TableRow>;  // the configuration's order, the sorry server last

// What is to be done.
using notify::LogLine;
using notify::RunScript;
using notify::SendMail;
using notify::WriteFifo;
struct StartCheck {
  CheckId id{};
  CheckSpec spec{};
  bool up = true;  // what counts until its first result
};
struct StopCheck {
  CheckId id{};
};
struct TableChanged {
  ServiceKey service{};
};
using Action = std::variant<LogLine, StartCheck, StopCheck, RunScript, WriteFifo, SendMail, TableChanged>;
using Actions = std::vector<Action>;

class Monitor {
 public:
  struct Options {
    bool share_checks = true;  // identical checks of one server in several virtual servers run once
  };
  Monitor();
  explicit Monitor(Options options);
  ~Monitor();
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  // Makes the configuration the one in force, by difference: what stays the same keeps its state and its checks.
  [[nodiscard]] Actions apply(std::span<const MonitoredService> services, const GlobalPolicy& global);
  // One result. A report of a check that was stopped meanwhile changes nothing.
  [[nodiscard]] Actions report(const CheckReport& report);
  // The lines and scripts of a stop (omega). No table changes.
  [[nodiscard]] Actions stop();

  // The table as it should be now. Precondition: the service is in the configuration.
  [[nodiscard]] Table table(const ServiceKey& service) const;

  // For listings, in the configuration's order.
  struct CheckStatus {
    CheckId id{};
    CheckSpec spec{};
    bool is_up = true;
    std::optional<CheckReport> last{};   // none before the first result
    std::optional<TimePoint> changed{};  // when `is_up` became what it is; none: since the start
    std::uint64_t successes = 0;
    FailureCounts failures{};
    std::size_t shared_by = 1;  // servers that it speaks for
  };
  struct ServerStatus {
    packet::Endpoint endpoint{};
    bool is_up = true;
    std::uint32_t configured_weight = 1;
    std::int64_t effective_weight = 1;  // with what MISC_CHECK and FILE_CHECK say
    std::optional<TimePoint> changed{};
    std::vector<CheckStatus> checks{};
  };
  struct ServiceStatus {
    ServiceKey key{};
    bool has_quorum = true;
    std::uint32_t quorum = 1;
    std::uint32_t hysteresis = 0;
    std::int64_t weight_up = 0;  // sum of the weights of servers that are up
    std::vector<ServerStatus> servers{};
  };
  [[nodiscard]] std::vector<ServiceStatus> status() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace penstock::healthcheck
