// Gives out small numbers and takes them back: the ids of core/ids.h.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace penstock::control {

class IdPool {
 public:
  // Ids from `first` to `last`, both included.
  IdPool(std::uint32_t first, std::uint32_t last) : next_{first}, last_{last} {}

  // An unused id, those never used before first; nothing when all are in use.
  [[nodiscard]] std::optional<std::uint16_t> take() {
    if (next_ <= last_) return static_cast<std::uint16_t>(next_++);
    if (returned_.empty()) return std::nullopt;
    const std::uint16_t id = returned_.back();
    returned_.pop_back();
    return id;
  }
  void give_back(std::uint16_t id) { returned_.push_back(id); }

  [[nodiscard]] std::size_t available() const { return (last_ + std::size_t{1} - next_) + returned_.size(); }

 private:
  std::uint32_t next_;
  std::uint32_t last_;
  std::vector<std::uint16_t> returned_;
};

}  // namespace penstock::control
