// The virtual LAN: which frames arrive, when, and how often.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "tests/vrrp/simulation/random.h"
#include "tests/vrrp/simulation/scenario.h"
#include "tests/vrrp/simulation/wire.h"

namespace penstock::vrrp::simulation {

// Frames under way, in a pool: the copies of one share it.
class FramePool {
 public:
  struct Frame {
    std::vector<std::byte> bytes{};
    Wire wire{};
    std::uint32_t uses = 0;
  };
  using Id = std::uint32_t;

  [[nodiscard]] Id add(std::vector<std::byte> bytes, const Wire& wire);  // without a use: release() it if nobody takes it
  void use(Id id) { ++frames_[id].uses; }
  void release(Id id);  // of one use
  [[nodiscard]] const Frame& operator[](Id id) const { return frames_[id]; }
  [[nodiscard]] Frame& operator[](Id id) { return frames_[id]; }

 private:
  std::vector<Frame> frames_;
  std::vector<Id> free_;
};

class Lan {
 public:
  Lan(const Scenario& scenario, Random random);

  void cut(std::size_t from, std::size_t to) { reaches_[from][to] = false; }
  void heal();
  [[nodiscard]] bool reaches(std::size_t from, std::size_t to) const { return reaches_[from][to]; }
  // Whether hearing is symmetric and hearing somebody means hearing all whom he hears.
  [[nodiscard]] bool is_partitioned_cleanly() const;

  // Bad times for all frames: per cents, and up to `delay` in addition, so that they overtake each other.
  void begin_burst(unsigned lost, unsigned duplicated, Nanoseconds delay);
  void end_burst();
  [[nodiscard]] bool is_bad() const { return bad_; }
  [[nodiscard]] Nanoseconds most_delay() const { return scenario_.most_delay + more_delay_; }

  // When the copies of a frame arrive: none, one, or two.
  struct Arrivals {
    std::size_t count = 0;
    std::array<Nanoseconds, 2> after{};
  };
  [[nodiscard]] Arrivals transmit(std::size_t from, std::size_t to);

 private:
  const Scenario& scenario_;
  Random random_;
  std::array<std::array<bool, kMostRouters>, kMostRouters> reaches_{};
  bool bad_ = false;
  unsigned lost_ = 0;
  unsigned duplicated_ = 0;
  Nanoseconds more_delay_{};
};

}  // namespace penstock::vrrp::simulation
