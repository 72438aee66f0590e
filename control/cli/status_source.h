// The door through which the CLI sees the daemon. Control-owned: every call and every callback is on the control thread.
//
// Everything but the connections is small and is copied out at once. Connections are owned by the workers, who list a few
// buckets a burst, and there may be millions: a cursor delivers them in batches, each only when the reader asks for it. So a
// slow client costs one batch of memory, and never a wait.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "control/cli/status.h"

namespace penstock::control {

struct ConnectionBatch {
  std::vector<ConnectionStatus> rows;  // may be empty before the last batch
  bool last = false;                   // nothing follows
};

// One walk over all connections: the workers', and those learned from the peer. An entry that lives through the whole walk is
// delivered once; one that comes, goes or is taken over meanwhile may be or not.
class ConnectionCursor {
 public:
  // Ends the walk: a callback that has not been called is dropped.
  virtual ~ConnectionCursor() = default;

  // Asks for the next batch. `deliver` is called exactly once, at once or later. Precondition: the previous call was answered,
  // and not by a last batch. The callee may destroy the cursor inside `deliver`.
  virtual void next(std::function<void(ConnectionBatch)> deliver) = 0;
};

class StatusSource {
 public:
  virtual ~StatusSource() = default;

  [[nodiscard]] virtual DaemonStatus daemon() const = 0;
  // In the configuration's order.
  [[nodiscard]] virtual std::vector<ServiceStatus> services() const = 0;
  [[nodiscard]] virtual ChecksStatus checks() const = 0;
  [[nodiscard]] virtual SyncStatus sync() const = 0;
  // Without secrets.
  [[nodiscard]] virtual VrrpStatus vrrp() const = 0;
  [[nodiscard]] virtual std::vector<WorkerStatus> workers() const = 0;
  [[nodiscard]] virtual std::vector<ThreadStatus> threads() const = 0;
  // One for each reason, zero counts included.
  [[nodiscard]] virtual std::vector<DropStatus> drops() const = 0;
  [[nodiscard]] virtual std::vector<PortStatus> ports() const = 0;
  // The configuration that is in force, as keepalived.conf text, without secrets.
  [[nodiscard]] virtual std::string config_text() const = 0;
  [[nodiscard]] virtual std::unique_ptr<ConnectionCursor> connections() = 0;

  // The addresses that are ours are announced once more (gratuitous ARP, neighbour advertisements).
  virtual void announce() = 0;

  // Have workers measure where their cycles go, for a while: WorkerStatus::stages. @return whether the last second has been
  // measured already, all of it.
  virtual bool watch_stages() = 0;
};

}  // namespace penstock::control
