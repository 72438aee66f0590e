#include "control/vrrp/outbox.h"

#include <algorithm>
#include <utility>

namespace penstock::control {

void Outbox::send(core::PortIndex port, std::vector<std::byte> frame) {
  auto& queue = waiting_[port];
  if (queue.empty() && send_(port, frame)) return;
  if (queue.size() >= kMostWaiting) {
    ++lost_;
    return;
  }
  queue.push_back(std::move(frame));
}

bool Outbox::flush() {
  for (std::size_t port = 0; port < waiting_.size(); ++port) {
    auto& queue = waiting_[port];
    while (!queue.empty() && send_(static_cast<core::PortIndex>(port), queue.front())) queue.pop_front();
  }
  return is_empty();
}

bool Outbox::is_empty() const {
  return std::ranges::all_of(waiting_, [](const auto& queue) { return queue.empty(); });
}

}  // namespace penstock::control
