// What probes have in common: a deadline, a socket that is watched, and an end that comes once and never from within the start.
#pragma once

#include <chrono>

#include "healthcheck/io/probe.h"
#include "healthcheck/io/probe_socket.h"

namespace penstock::healthcheck {

class OneShotProbe : public Probe {
 protected:
  OneShotProbe(control::EventLoop& loop, ProbeDone done);

  // The deadline, from now on. A duration of 0 is over in the loop's next turn.
  void start_deadline(Duration timeout);
  // Watches a socket, which is ours from now on. False: the loop could not, and the end is on its way.
  [[nodiscard]] bool watch(Socket socket, control::FdEvents events);
  void set_events(control::FdEvents events) { watch_.set_events(events); }
  [[nodiscard]] int fd() const { return socket_.fd(); }
  // Counts the latency from now on instead of from the construction.
  void restart_clock() { started_ = control::EventLoop::now(); }

  // Ends the probe: the socket is closed, the result goes out. The probe may be gone when this returns.
  void end(ProbeResult result);
  // Ends it from the loop's next turn: for what fails within the start.
  void end_soon(ProbeResult result);

  virtual void on_events(control::FdEvents) {}
  virtual void on_deadline() = 0;

 private:
  control::EventLoop& loop_;
  ProbeDone done_;
  control::EventLoop::Clock::time_point started_ = control::EventLoop::now();
  Socket socket_;
  control::FdWatch watch_;  // ends before its socket
  control::Timer timer_;
  std::optional<ProbeResult> early_{};
};

// A text of the other side's as it may stand in a log line: printable ASCII, the rest as '?', cut after `longest` characters.
[[nodiscard]] std::string printable(std::string_view text, std::size_t longest = 80);

}  // namespace penstock::healthcheck
