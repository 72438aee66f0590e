#include "tests/vrrp/simulation/lan.h"

#include <utility>

namespace penstock::vrrp::simulation {

FramePool::Id FramePool::add(std::vector<std::byte> bytes, const Wire& wire) {
  if (free_.empty()) {
    free_.push_back(static_cast<Id>(frames_.size()));
    frames_.emplace_back();
  }
  const Id id = free_.back();
  free_.pop_back();
  frames_[id] = {.bytes = std::move(bytes), .wire = wire, .uses = 1};
  return id;
}

void FramePool::release(Id id) {
  if (--frames_[id].uses > 0) return;
  frames_[id].bytes = {};  // so that AddressSanitizer sees whoever still looks at it
  free_.push_back(id);
}

Lan::Lan(const Scenario& scenario, Random random) : scenario_{scenario}, random_{random}, duplicated_{scenario.duplicated} {
  heal();
}

void Lan::heal() {
  for (auto& row : reaches_) row.fill(true);
}

bool Lan::is_partitioned_cleanly() const {
  for (std::size_t a = 0; a < scenario_.routers; ++a) {
    for (std::size_t b = 0; b < scenario_.routers; ++b) {
      if (reaches_[a][b] != reaches_[b][a]) return false;
      for (std::size_t c = 0; c < scenario_.routers; ++c) {
        if (reaches_[a][b] && reaches_[b][c] && !reaches_[a][c]) return false;
      }
    }
  }
  return true;
}

void Lan::begin_burst(unsigned lost, unsigned duplicated, Nanoseconds delay) {
  bad_ = true;
  lost_ = lost;
  duplicated_ = duplicated;
  more_delay_ = delay;
}

void Lan::end_burst() {
  bad_ = false;
  lost_ = 0;
  duplicated_ = scenario_.duplicated;
  more_delay_ = {};
}

Lan::Arrivals Lan::transmit(std::size_t from, std::size_t to) {
  Arrivals arrivals;
  if (!reaches_[from][to]) return arrivals;
  const std::size_t copies = duplicated_ > 0 && random_.percent(duplicated_) ? 2 : 1;
  for (std::size_t i = 0; i < copies; ++i) {
    if (lost_ > 0 && random_.percent(lost_)) continue;
    arrivals.after[arrivals.count++] = random_.between(scenario_.least_delay, most_delay());
  }
  return arrivals;
}

}  // namespace penstock::vrrp::simulation
