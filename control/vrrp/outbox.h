// Frames on their way to a port's urgent queue: in order, in bursts, none lost when the queue is full for a moment.
//
// A new master may have a thousand announcements to send at once, and the queue is short on purpose. What it doesn't take waits
// here for the next flush(). Owned by the VRRP thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <vector>

#include "dataplane/core/frame.h"
#include "dataplane/core/ids.h"

namespace penstock::control {

class Outbox {
 public:
  // Sends frames, at most core::kBurst; returns how many of the first there was room for.
  using Send = std::function<std::size_t(core::PortIndex port, std::span<const std::span<const std::byte>> frames)>;
  // Frames of a port that wait at most; more are lost (counted). 255 addresses of 8 virtual routers, 5 times each, fit.
  static constexpr std::size_t kMostWaiting = 10'240;

  Outbox(Send send, std::size_t ports) : send_{std::move(send)}, waiting_(ports) {}

  // Leaves with the next flush().
  void add(core::PortIndex port, std::vector<std::byte> frame);
  // Sends what waits, as far as there is room. True when none is left.
  bool flush();
  [[nodiscard]] bool is_empty() const;
  [[nodiscard]] std::uint64_t lost() const { return lost_; }

 private:
  void flush(core::PortIndex port);

  Send send_;
  std::vector<std::deque<std::vector<std::byte>>> waiting_;  // by port
  std::uint64_t lost_ = 0;
};

}  // namespace penstock::control
