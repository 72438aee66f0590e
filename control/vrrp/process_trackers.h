// vrrp_track_process: how many processes of a kind there are, and whether that is enough.
//
// /proc is read every half second: a lost or gained quorum is told that much later at most, and after the tracker's delay. Only
// where something is tracked. Belongs to one loop.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "control/loop/event_loop.h"
#include "vrrp/spec/tracking_spec.h"

namespace penstock::control {

class ProcessTrackers {
 public:
  using Report = std::function<void(const std::string& tracker, bool enough)>;
  static constexpr std::chrono::milliseconds kPeriod{500};

  ProcessTrackers(EventLoop& loop, Report report);

  // Counts these from now on, the first time at once. Those that stay keep what was told.
  void set(const std::vector<vrrp::ProcessTracker>& trackers);

 private:
  struct Tracked {
    vrrp::ProcessTracker spec;
    std::optional<bool> told;
    std::optional<EventLoop::Clock::time_point> differs_since;  // from what was told
  };

  void look();
  void judge(Tracked& tracked, std::uint32_t count);

  EventLoop& loop_;
  Report report_;
  std::map<std::string, Tracked> tracked_;  // by name
  Timer timer_;
};

// Whether a process is of that kind. `name`: /proc/PID/comm (15 bytes at most); `words`: /proc/PID/cmdline.
[[nodiscard]] bool is_tracked_process(const vrrp::ProcessTracker& tracker, const std::string& name,
                                      const std::vector<std::string>& words);

}  // namespace penstock::control
