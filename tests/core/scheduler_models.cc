#include "tests/core/scheduler_models.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace penstock::test {

using core::SchedulerKind;

ModelServer& ModelService::server(unsigned id) {
  const auto found = std::ranges::find(servers_, id, &ModelServer::id);
  if (found == servers_.end()) throw std::logic_error("the model has no such server");
  return *found;
}

bool ModelService::any_usable() const { return std::ranges::any_of(servers_, &ModelServer::is_usable); }

void ModelService::add(const ModelServer& server) {
  servers_.push_front(server);
  on_change();
}

// rr's place falls back to the server before the one that leaves; wrr begins at the head after any change.
void ModelService::remove(unsigned id) {
  const auto leaving = std::ranges::find(servers_, id, &ModelServer::id);
  if (last_ == leaving) last_ = leaving == servers_.begin() ? servers_.end() : std::prev(leaving);
  servers_.erase(leaving);
  on_change();
}

void ModelService::set_weight(unsigned id, std::uint32_t weight) {
  server(id).weight = weight;
  on_change();
}

void ModelService::on_change() {
  if (kind_ != SchedulerKind::kWeightedRoundRobin) return;
  last_ = servers_.end();
  std::uint32_t step = 0;
  std::uint32_t largest = 0;
  for (const ModelServer& each : servers_) {
    step = std::gcd(step, each.weight);
    largest = std::max(largest, each.weight);
  }
  step_ = std::max<std::int64_t>(step, 1);
  top_ = std::int64_t{largest} - (step_ - 1);
  // The round under way goes on, but its weight must be one that falls to 1 in these steps.
  if (needed_ == 0 || needed_ > top_) {
    needed_ = top_;
  } else if (step_ > 1) {
    needed_ = needed_ - needed_ % step_ + 1;
  }
}

ModelService::Place ModelService::after(Place place) { return place == servers_.end() ? servers_.begin() : std::next(place); }

std::optional<unsigned> ModelService::pick() {
  switch (kind_) {
    case SchedulerKind::kRoundRobin: return pick_in_turn();
    case SchedulerKind::kWeightedRoundRobin: return pick_by_weight();
    case SchedulerKind::kLeastConnection: return pick_least(false);
    case SchedulerKind::kWeightedLeastConnection: return pick_least(true);
    case SchedulerKind::kMaglev: break;  // held against the kernel's own picks instead: maglev_kernel_test.cc
  }
  return {};
}

std::optional<unsigned> ModelService::pick_in_turn() {
  if (!any_usable()) return {};
  do {
    last_ = after(last_);
  } while (last_ == servers_.end() || !last_->is_usable());
  return last_->id;
}

// Round and round the list. Each time past its head the weight that counts falls by a step, from the top again after the last.
std::optional<unsigned> ModelService::pick_by_weight() {
  if (top_ == 0) return {};
  if (!any_usable()) {
    // The vain search ends at the head, before a first round; but if it began inside a last round, it ends where it began, in
    // the last round.
    if (last_ == servers_.end() || needed_ > step_) {
      last_ = servers_.end();
      needed_ = top_;
    } else {
      needed_ = 1;
    }
    return {};
  }
  for (;;) {
    last_ = after(last_);
    if (last_ == servers_.end()) {
      needed_ -= step_;
      if (needed_ <= 0) needed_ = top_;
    } else if (last_->is_usable() && last_->weight >= needed_) {
      return last_->id;
    }
  }
}

// 256 inactive connections weigh as much as an active one; by weight if asked; the first of several equals.
std::optional<unsigned> ModelService::pick_least(bool weighted) const {
  std::optional<unsigned> least;
  long double least_load = 0;
  for (const ModelServer& each : servers_) {
    if (!each.is_usable()) continue;
    const auto load = static_cast<long double>(each.active * 256 + each.inactive) / (weighted ? each.weight : 1);
    if (!least || load < least_load) {
      least = each.id;
      least_load = load;
    }
  }
  return least;
}

void ModelService::bind(unsigned id) {
  ModelServer& bound = server(id);
  ++bound.inactive;
  if (bound.upper_threshold != 0 && bound.total() >= bound.upper_threshold) bound.overloaded = true;
}

void ModelService::activate(unsigned id) {
  --server(id).inactive;
  ++server(id).active;
}

void ModelService::unbind(unsigned id, bool active) {
  const auto found = std::ranges::find(servers_, id, &ModelServer::id);
  if (found == servers_.end()) return;  // it has left
  --(active ? found->active : found->inactive);
  const bool is_low = found->lower_threshold != 0 ? found->total() < found->lower_threshold
                                                  : found->total() * 4 < std::uint64_t{found->upper_threshold} * 3;
  if (found->upper_threshold == 0 || is_low) found->overloaded = false;
}

}  // namespace penstock::test
