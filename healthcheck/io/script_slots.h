// How many check scripts run at once: a thousand MISC_CHECKs that fall due together start in order as others end, not all at
// once.
//
// Loop's thread only. Outlives its places.
#pragma once

#include <cstddef>
#include <functional>
#include <list>

#include "healthcheck/io/script_runner.h"

namespace penstock::healthcheck {

class ScriptSlots {
 public:
  using Callback = std::move_only_function<void()>;

  // A place in the queue, then a slot. Destroying it gives either back.
  class [[nodiscard]] Place {
   public:
    Place() = default;
    ~Place() { reset(); }
    Place(Place&& other) noexcept : slots_{std::exchange(other.slots_, nullptr)}, entry_{other.entry_} {}
    Place& operator=(Place&& other) noexcept;
    void reset();

   private:
    friend class ScriptSlots;
    struct Entry {
      Callback on_turn;
      bool has_slot = false;
    };
    Place(ScriptSlots& slots, std::list<Entry>::iterator entry) : slots_{&slots}, entry_{entry} {}
    ScriptSlots* slots_ = nullptr;
    std::list<Entry>::iterator entry_{};
  };

  explicit ScriptSlots(ScriptRunner& runner, std::size_t limit = 64);

  // Queues up. `on_turn` comes from the loop, once, when the slot is the caller's; it may destroy the place.
  Place queue_up(Callback on_turn);

  [[nodiscard]] ScriptRunner& runner() { return runner_; }
  [[nodiscard]] std::size_t in_use() const { return in_use_; }
  [[nodiscard]] std::size_t waiting() const { return entries_.size() - in_use_; }

 private:
  void give_out();
  void wake();

  ScriptRunner& runner_;
  std::size_t limit_;
  std::size_t in_use_ = 0;
  std::list<Place::Entry> entries_;
  std::list<Place::Entry>::iterator first_waiting_;
  control::Timer turn_;
};

}  // namespace penstock::healthcheck
