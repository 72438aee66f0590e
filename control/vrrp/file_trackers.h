// track_file for VRRP: the number in each tracked file, told at first and whenever it changes.
//
// The file's folder is watched (inotify), so that a file that is replaced, removed or made anew is noticed at once. A file that
// isn't there or holds no number counts as 0 (keepalived). Belongs to one loop.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "control/loop/event_loop.h"
#include "vrrp/spec/tracking_spec.h"

namespace penstock::control {

class FileTrackers {
 public:
  using Report = std::function<void(const std::string& tracker, std::int64_t value)>;
  using Problem = std::function<void(const std::string& line)>;

  // Throws std::runtime_error when there is no descriptor left.
  FileTrackers(EventLoop& loop, Report report, Problem problem);
  ~FileTrackers();
  FileTrackers(const FileTrackers&) = delete;
  FileTrackers& operator=(const FileTrackers&) = delete;

  // Watches these from now on; files with an initial value are written where they aren't there. Those that stay keep what was
  // told.
  void set(const std::vector<vrrp::FileTracker>& trackers);

 private:
  struct Tracked {
    vrrp::FileTracker spec;
    std::optional<std::int64_t> told;
  };

  void watch_folders();
  void on_events();
  void look(Tracked& tracked);
  void make(const vrrp::FileTracker& tracker);

  int fd_;
  Report report_;
  Problem problem_;
  std::map<std::string, Tracked> tracked_;  // by name
  std::map<int, std::string> folders_;      // by inotify's descriptor
  FdWatch watch_;
};

}  // namespace penstock::control
