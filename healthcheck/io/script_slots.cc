#include "healthcheck/io/script_slots.h"

#include <utility>

namespace penstock::healthcheck {

ScriptSlots::ScriptSlots(ScriptRunner& runner, std::size_t limit)
    : runner_{runner}, limit_{limit}, first_waiting_{entries_.end()}, turn_{runner.loop().add_timer([this] { give_out(); })} {}

ScriptSlots::Place& ScriptSlots::Place::operator=(Place&& other) noexcept {
  if (this != &other) {
    reset();
    slots_ = std::exchange(other.slots_, nullptr);
    entry_ = other.entry_;
  }
  return *this;
}

void ScriptSlots::Place::reset() {
  if (slots_ == nullptr) return;
  ScriptSlots& slots = *std::exchange(slots_, nullptr);
  if (entry_->has_slot) --slots.in_use_;
  if (slots.first_waiting_ == entry_) ++slots.first_waiting_;
  slots.entries_.erase(entry_);
  slots.wake();
}

ScriptSlots::Place ScriptSlots::queue_up(Callback on_turn) {
  const auto entry = entries_.insert(entries_.end(), {.on_turn = std::move(on_turn)});
  if (first_waiting_ == entries_.end()) first_waiting_ = entry;
  wake();
  return Place{*this, entry};
}

// By a timer, so that nobody's callback runs inside somebody else's destructor.
void ScriptSlots::wake() {
  if (first_waiting_ != entries_.end() && in_use_ < limit_ && !turn_.is_active()) turn_.start_once({});
}

void ScriptSlots::give_out() {
  if (first_waiting_ == entries_.end() || in_use_ >= limit_) return;
  const auto entry = first_waiting_++;
  entry->has_slot = true;
  ++in_use_;
  auto on_turn = std::move(entry->on_turn);
  wake();  // the next one in the loop's next turn: a start takes a fraction of a millisecond, and others want the loop, too
  on_turn();
}

}  // namespace penstock::healthcheck
