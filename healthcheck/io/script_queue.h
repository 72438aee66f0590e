// Runs notify scripts in order: those of one key one after another, those of different keys beside each other.
//
// keepalived starts each at once, so "down" may overtake "up" (its issues #569, #584, #1055). It has no timeout for them
// either; here a script that never ends would hold up its key's later ones, so it is ended after a minute: SIGTERM to its
// group, SIGKILL two seconds later. A minute is far beyond what keepalived's users expect of a notify script, and a service
// that changes state all the time then has at most `longest_backlog` scripts waiting; later ones are dropped, each with its
// report.
//
// Destroying it kills what runs; is_idle() tells whether somebody should wait for it before. Loop's thread only.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "healthcheck/io/script_runner.h"

namespace penstock::healthcheck {

class ScriptQueue {
 public:
  struct Limits {
    std::size_t at_once = 16;
    std::size_t longest_backlog = 1000;  // of one key
    std::chrono::nanoseconds timeout = std::chrono::seconds{60};
  };
  // What did not go well, for the log: "script /etc/x.sh: No such file or directory". A script's exit status is its own matter.
  using Report = std::move_only_function<void(std::string line)>;

  ScriptQueue(ScriptRunner& runner, Limits limits, Report report);
  ~ScriptQueue();
  ScriptQueue(const ScriptQueue&) = delete;
  ScriptQueue& operator=(const ScriptQueue&) = delete;

  // Runs it after all that the key has. Returns at once; reports come from the loop.
  void run(Script script, const std::string& key);
  [[nodiscard]] bool is_idle() const { return keys_.empty(); }
  // Scripts of all keys that wait or run.
  [[nodiscard]] std::size_t size() const;

 private:
  struct Key;
  using Keys = std::map<std::string, std::unique_ptr<Key>>;

  void start_what_may();
  void start(Key& key);
  void on_timeout(Key& key);
  void end(const std::string& name);
  void complain(const Script& script, const std::string& reason);

  ScriptRunner& runner_;
  Limits limits_;
  Report report_;
  Keys keys_;
  std::size_t running_ = 0;
  control::Timer pump_;
  std::string next_;  // keys from here on have the next turn, so that none waits for ever
};

}  // namespace penstock::healthcheck
