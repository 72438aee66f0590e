// The named pipe that tells another program of every change (keepalived's lvs_notify_fifo): one line an event, in order.
//
// Nobody may be reading, and the reader may be slow: writing never waits. A line that finds the pipe full is lost and counted.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "control/loop/child_process.h"
#include "healthcheck/io/probe_socket.h"

namespace penstock::healthcheck {

class NotifyFifo {
 public:
  // Opens the pipe. Where it isn't there it is made, for `owner` alone (none: us), as keepalived does; one that was there
  // keeps its own. The error says why not, as when the path is a file.
  [[nodiscard]] static std::expected<NotifyFifo, std::string> open(const std::string& path,
                                                                   const std::optional<control::UserIds>& owner = {});

  // Adds the line's end. False when the line was lost.
  bool write(std::string_view line);
  [[nodiscard]] std::uint64_t lost() const { return lost_; }

 private:
  explicit NotifyFifo(Socket pipe) : pipe_{std::move(pipe)} {}

  Socket pipe_;
  std::uint64_t lost_ = 0;
};

}  // namespace penstock::healthcheck
