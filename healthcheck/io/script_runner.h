// Runs the scripts of a configuration: the user looked up, the program's safety looked at, its process started.
//
// Shared by MISC_CHECK and by notify scripts; each of them says how many run at once and for how long. Loop's thread only.
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <vector>

#include "control/loop/child_process.h"
#include "control/loop/event_loop.h"
#include "control/loop/script_user.h"
#include "healthcheck/spec/check_spec.h"

namespace penstock::healthcheck {

// From SIGTERM to SIGKILL for a script that takes too long, as keepalived has it for checks.
inline constexpr std::chrono::seconds kTerminationGrace{2};

class ScriptRunner {
 public:
  struct Options {
    bool refuse_insecure = false;  // enable_script_security: no script as root that somebody else could change
    std::string default_user{};    // script_user; empty: keepalived_script if there is one, else root
    std::string default_group{};
  };
  struct NotStarted {
    std::string reason{};      // for people, one line
    bool is_shortage = false;  // no descriptor, memory or process to spare: nothing is wrong with the script
  };
  ScriptRunner(control::EventLoop& loop, Options options);

  // Starts a script. Looks names of users up, once each: resolve() does so ahead.
  [[nodiscard]] std::expected<control::ChildProcess, NotStarted> start(const Script& script,
                                                                       control::ChildProcesses::OnExit on_exit);
  // Looks a script's user up, so that start() needs not. The error is a reason for people, one line.
  std::expected<control::UserIds, std::string> resolve(const Script& script);
  // A new configuration: other options, and users may have changed.
  void set_options(Options options);
  // Looks ahead at the scripts that the configuration will run: their users, and whether they are safe. What there is to say,
  // in keepalived's words; reads attributes of files.
  [[nodiscard]] std::vector<std::string> look_at(const std::vector<Script>& scripts);

  [[nodiscard]] control::EventLoop& loop() { return loop_; }
  [[nodiscard]] const control::ChildProcesses& processes() const { return processes_; }

 private:
  control::EventLoop& loop_;
  control::ChildProcesses processes_;
  control::ScriptUsers users_;
  Options options_;
};

}  // namespace penstock::healthcheck
