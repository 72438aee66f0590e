// Frames on their way to a port's urgent ring: in order, none lost when the ring is full for a moment.
//
// A new master may have a thousand announcements to send at once, and the ring is short on purpose. What it doesn't take waits
// here until flush(). Owned by the VRRP thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <vector>

#include "dataplane/core/ids.h"

namespace penstock::control {

class Outbox {
 public:
  // Sends a frame; false: no room now.
  using Send = std::function<bool(core::PortIndex port, std::span<const std::byte> frame)>;
  // Frames of a port that wait at most; more are lost (counted). 255 addresses of 8 virtual routers, 5 times each, fit.
  static constexpr std::size_t kMostWaiting = 10'240;

  Outbox(Send send, std::size_t ports) : send_{std::move(send)}, waiting_(ports) {}

  void send(core::PortIndex port, std::vector<std::byte> frame);
  // Tries those that wait once more. True when none is left.
  bool flush();
  [[nodiscard]] bool is_empty() const;
  [[nodiscard]] std::uint64_t lost() const { return lost_; }

 private:
  Send send_;
  std::vector<std::deque<std::vector<std::byte>>> waiting_;  // by port
  std::uint64_t lost_ = 0;
};

}  // namespace penstock::control
