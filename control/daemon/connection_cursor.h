// Listings of all workers' connections, one after the other.
//
// Each worker serves one listing at a time (core/connection_listing.h), so askers stand in line: the first has the desk until
// its cursor ends. Control-owned.
#pragma once

#include <chrono>
#include <list>
#include <memory>
#include <vector>

#include "control/cli/status_source.h"
#include "control/director/director.h"
#include "control/loop/event_loop.h"
#include "dataplane/core/forwarder.h"

namespace penstock::control {

class ConnectionDesk {
 public:
  // All must outlive the desk, and the desk its cursors. `forwarders`: one for each worker.
  ConnectionDesk(EventLoop& loop, const Director& director, std::vector<core::Forwarder*> forwarders);

  [[nodiscard]] std::unique_ptr<ConnectionCursor> open();

 private:
  class Cursor;

  // How often a worker's batch is looked for while somebody waits.
  static constexpr std::chrono::milliseconds kPeriod{1};

  void look();
  void leave(Cursor* cursor);
  [[nodiscard]] std::vector<ConnectionStatus> convert(std::span<const core::ConnectionRow> rows, std::size_t worker) const;

  const Director& director_;
  std::vector<core::Forwarder*> forwarders_;
  std::list<Cursor*> line_;  // the first is being served
  Timer timer_;
};

}  // namespace penstock::control
