// vrrp_script: each tracked script run at its interval, with its result told.
//
// A result is a success (exit status 0) or not; what it means is the router's to count. One that isn't done after its timeout
// gets SIGTERM, two seconds later SIGKILL, and has failed; while it runs, no second one is started. Scripts of checks and of
// notifications can't hold them up: their slots are their own. Belongs to the loop that runs the scripts.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "control/loop/event_loop.h"
#include "healthcheck/io/probe.h"
#include "healthcheck/io/script_slots.h"
#include "vrrp/spec/tracking_spec.h"

namespace penstock::control {

class ScriptTrackers {
 public:
  // `result`: words about a failure, "exited with status 1".
  using Report = std::function<void(const std::string& tracker, bool success, std::string_view result)>;

  // Both references must outlive it.
  ScriptTrackers(EventLoop& loop, healthcheck::ScriptRunner& runner, Report report);

  // Runs these from now on, the first time at once. Those that stay as they are keep their pace.
  void set(const std::vector<vrrp::ScriptTracker>& trackers);

 private:
  struct Tracked {
    vrrp::ScriptTracker spec;
    Timer timer;
    std::unique_ptr<healthcheck::Probe> run;  // under way
  };

  void start(Tracked& tracked);

  EventLoop& loop_;
  healthcheck::ScriptSlots slots_;
  Report report_;
  std::map<std::string, std::unique_ptr<Tracked>> tracked_;  // by name
};

}  // namespace penstock::control
