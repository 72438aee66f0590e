// What an instance's priority or state may depend on, as configured: interfaces, scripts, processes, files.
//
// Plain values. A tracker without a weight is a condition (keepalived's weight 0): while it fails, the instance is in FAULT.
// With one it moves the effective priority: a positive weight is added while it succeeds, a negative one subtracted while it
// fails; `reverse` turns the sign of what is added then, and of a condition: success fails it (keepalived's vrrp_track.c).
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "notify/script.h"

namespace penstock::vrrp {

using Duration = std::chrono::microseconds;

struct Weight {
  int value = 0;  // -253..253 for interfaces and scripts, -254..254 for processes; files: any, times the file's number
  bool reverse = false;
  friend bool operator==(const Weight&, const Weight&) = default;
};

// A line of track_interface, track_script, track_process or track_file: which one, and its own weight instead of the tracker's.
struct TrackLine {
  std::string name{};
  Weight weight{};  // in a bound model always filled in: from the line, else from the tracker
  friend bool operator==(const TrackLine&, const TrackLine&) = default;
};

struct Tracking {
  std::vector<TrackLine> interfaces{};
  std::vector<TrackLine> scripts{};
  std::vector<TrackLine> processes{};
  std::vector<TrackLine> files{};
  friend bool operator==(const Tracking&, const Tracking&) = default;
};

// vrrp_script: exit status 0 is a success.
struct ScriptTracker {
  std::string name{};
  notify::Script script{};
  Duration interval{std::chrono::seconds{1}};  // from start to start
  Duration timeout{std::chrono::seconds{1}};   // then TERM and KILL, and a failure; default: the interval
  std::uint32_t rise = 1;                      // successes in a row; the first result ever needs one only
  std::uint32_t fall = 1;                      // failures in a row
  bool starts_failed = false;                  // init_fail: instead of waiting for the first result
  friend bool operator==(const ScriptTracker&, const ScriptTracker&) = default;
};

// vrrp_track_process: succeeds while quorum <= number of such processes <= most.
struct ProcessTracker {
  enum class Arguments : std::uint8_t {
    kIgnored,
    kExact,
    kInitial,
    kPartial
  };  // which of `command`'s must match (param_match)
  std::string name{};
  std::vector<std::string> command{};
  Arguments arguments = Arguments::kIgnored;
  bool full_command = false;                                       // compare /proc/PID/cmdline's first word instead of comm
  std::uint32_t quorum = 1;                                        // 1..65535
  std::uint32_t most = std::numeric_limits<std::uint32_t>::max();  // quorum_max
  Duration terminate_delay{};                                      // before a lost quorum counts
  Duration fork_delay{};                                           // before a gained one does
  friend bool operator==(const ProcessTracker&, const ProcessTracker&) = default;
};

// track_file (of VRRP; vrrp_track_file is its old name): the number in a file times the weight is added to the priority; a
// result of -254 or less, or any number but 0 with weight 0, is a failure.
struct FileTracker {
  std::string name{};
  std::string path{};
  std::optional<std::int64_t> initial{};  // init_file: what it is made with when it isn't there
  bool overwrite = false;                 // made with `initial` even when it is
  friend bool operator==(const FileTracker&, const FileTracker&) = default;
};

}  // namespace penstock::vrrp
