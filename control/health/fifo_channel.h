// A notify fifo and the program that reads it (lvs_notify_fifo, vrrp_notify_fifo): opened when it is configured, each line
// written at once or lost, never waited for.
//
// Belongs to the health thread.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "control/loop/child_process.h"
#include "healthcheck/io/notify_fifo.h"
#include "healthcheck/io/script_runner.h"
#include "notify/script.h"

namespace penstock::control {

struct FifoSettings {
  std::string path{};       // empty: none
  notify::Script script{};  // started with the path as its last argument; runs as long as the daemon does
  std::string user{};       // who owns the fifo; empty: as for scripts
  std::string group{};      // empty: the user's own
  friend bool operator==(const FifoSettings&, const FifoSettings&) = default;
};

class FifoChannel {
 public:
  using Problem = std::function<void(const std::string& line)>;

  // `keyword`: of the configuration, for messages. `runner` must outlive it.
  FifoChannel(std::string keyword, healthcheck::ScriptRunner& runner, Problem problem)
      : keyword_{std::move(keyword)}, runner_{runner}, problem_{std::move(problem)} {}

  void set(const FifoSettings& settings);
  void write(const std::string& line);
  [[nodiscard]] const std::string& path() const { return settings_.path; }

 private:
  void open();
  void start_script();

  std::string keyword_;
  healthcheck::ScriptRunner& runner_;
  Problem problem_;
  FifoSettings settings_;
  std::optional<healthcheck::NotifyFifo> fifo_;
  ChildProcess reader_;
};

}  // namespace penstock::control
