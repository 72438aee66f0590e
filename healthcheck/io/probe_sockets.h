// Where a probe's TCP socket is made: in the host's own network, or (check_via) in the namespace that doesn't have the VIP; and
// how it is closed.
//
// A socket that is closed with bytes unread resets its connection, and servers log that as an aborted client. So a probe that
// is done leaves its socket here: our side is closed at once, and what the server still says is read away until it closes its
// side, for at most kPatience. Owned by the loop's thread.
#pragma once

#include <chrono>
#include <expected>
#include <list>
#include <memory>
#include <utility>

#include "control/loop/event_loop.h"
#include "healthcheck/io/probe_socket.h"
#include "healthcheck/io/via_gate.h"

namespace penstock::healthcheck {

class ProbeSockets {
 public:
  static constexpr std::chrono::seconds kPatience{1};
  static constexpr std::size_t kMostLeaving = 4096;  // more are closed at once

  explicit ProbeSockets(control::EventLoop& loop) : loop_{loop} {}

  // May be null: checks through a VIP then fail.
  void use(std::shared_ptr<ViaGate> door) { door_ = std::move(door); }

  // Not connected.
  [[nodiscard]] std::expected<Socket, ProbeResult> open_stream(const Connection& connection) const;
  // Takes a connected socket that nobody reads from or writes to any more.
  void close_orderly(Socket socket);

 private:
  struct Leaving {
    Socket socket;
    control::Timer timer{};
    control::FdWatch watch{};  // ends before the socket
  };

  control::EventLoop& loop_;
  std::shared_ptr<ViaGate> door_;
  std::list<Leaving> leaving_;
};

}  // namespace penstock::healthcheck
