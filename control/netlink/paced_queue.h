// Work for the kernel in portions: a handful of items in each turn of the event loop, so that tens of thousands of them don't
// hold up what else the loop serves.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "control/loop/event_loop.h"

namespace penstock::control {

// First in, first out; the same item may stand in it twice. Control-owned.
template <typename Item>
class PacedQueue {
 public:
  using Process = std::move_only_function<void(std::vector<Item> portion)>;

  // `process` gets at most `portion_size` items at a time and may push more.
  PacedQueue(EventLoop& loop, std::size_t portion_size, Process process)
      : portion_size_{portion_size}, process_{std::move(process)}, timer_{loop.add_timer([this] { turn(); })} {}

  void push(Item item) {
    items_.push_back(std::move(item));
    if (!timer_.is_active()) timer_.start_once(std::chrono::nanoseconds{0});
  }
  [[nodiscard]] bool is_empty() const { return items_.empty(); }

 private:
  void turn() {
    std::vector<Item> portion;
    portion.reserve(portion_size_);
    while (!items_.empty() && portion.size() < portion_size_) {
      portion.push_back(std::move(items_.front()));
      items_.pop_front();
    }
    if (!items_.empty()) timer_.start_once(std::chrono::nanoseconds{0});
    process_(std::move(portion));
  }

  std::deque<Item> items_;
  std::size_t portion_size_;
  Process process_;
  Timer timer_;
};

}  // namespace penstock::control
