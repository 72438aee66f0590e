// Listings of all connections: one worker's after the other, then what was learned from the peer and waits for a takeover.
//
// Each worker serves one listing at a time (core/connection_listing.h), so askers stand in line: the first has the desk until
// its cursor ends. The standby tables are read here, some buckets a turn. A connection that both have is listed once: as the
// peer tells it where that is newer (StandbyConnection). Control-owned.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "control/cli/status_source.h"
#include "control/director/director.h"
#include "control/loop/event_loop.h"
#include "dataplane/core/forwarder.h"
#include "dataplane/core/standby_table.h"
#include "dataplane/core/tick.h"

namespace penstock::control {

class ConnectionDesk {
 public:
  // The workers' time.
  using Now = std::function<core::Tick()>;

  // All must outlive the desk, and the desk its cursors. `forwarders`: one for each worker.
  ConnectionDesk(EventLoop& loop, const Director& director, std::vector<core::Forwarder*> forwarders,
                 const core::StandbyTables& standby, Now now);

  [[nodiscard]] std::unique_ptr<ConnectionCursor> open();

 private:
  class Cursor;

  // How often a worker's batch is looked for while somebody waits.
  static constexpr std::chrono::milliseconds kPeriod{1};
  // What is read of the standby tables in a turn: so many buckets, some 100 microseconds, or the rows of a worker's batch.
  static constexpr std::size_t kBucketsAtOnce = 2048;
  static constexpr std::size_t kStandbyRows = 1024;

  void look();
  void leave(Cursor* cursor);
  void append(const core::ConnectionRow& row, std::optional<std::uint8_t> worker, std::vector<ConnectionStatus>& rows) const;
  [[nodiscard]] std::optional<core::StandbyConnection> news_of(const core::ConnectionRow& row, core::Tick now) const;

  const Director& director_;
  std::vector<core::Forwarder*> forwarders_;
  const core::StandbyTables& standby_;
  Now now_;
  std::list<Cursor*> line_;  // the first is being served
  Timer timer_;
};

}  // namespace penstock::control
