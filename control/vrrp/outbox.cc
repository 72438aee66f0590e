#include "control/vrrp/outbox.h"

#include <algorithm>
#include <array>
#include <utility>

namespace penstock::control {

void Outbox::add(core::PortIndex port, std::vector<std::byte> frame) {
  auto& queue = waiting_[port];
  if (queue.size() >= kMostWaiting) {
    ++lost_;
    return;
  }
  queue.push_back(std::move(frame));
}

bool Outbox::flush() {
  for (std::size_t port = 0; port < waiting_.size(); ++port) flush(static_cast<core::PortIndex>(port));
  return is_empty();
}

void Outbox::flush(core::PortIndex port) {
  auto& queue = waiting_[port];
  std::array<std::span<const std::byte>, core::kBurst> burst;
  while (!queue.empty()) {
    const std::size_t count = std::min(queue.size(), burst.size());
    std::copy_n(queue.begin(), count, burst.begin());
    const std::size_t sent = send_(port, std::span{burst}.first(count));
    queue.erase(queue.begin(), queue.begin() + static_cast<std::ptrdiff_t>(sent));
    if (sent < count) return;
  }
}

bool Outbox::is_empty() const {
  return std::ranges::all_of(waiting_, [](const auto& queue) { return queue.empty(); });
}

}  // namespace penstock::control
