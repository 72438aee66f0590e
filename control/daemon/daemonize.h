// Leaves the terminal: the daemon goes on in a process of its own, and its starter waits until it is up or has failed.
#pragma once

namespace penstock::control {

// The daemon's half of the line to its starter.
class Readiness {
 public:
  // For a process that didn't leave the terminal: nobody waits.
  Readiness() = default;
  explicit Readiness(int descriptor) : descriptor_{descriptor} {}

  // The daemon is up: the starter exits with 0. Without this call it exits with 1 when the daemon ends. Lets standard error go,
  // too.
  void announce();

 private:
  int descriptor_ = -1;
};

// Returns in the daemon only; the starter never comes back. To be called before any thread exists. Standard error stays until
// announce(), so that a failed start is seen.
[[nodiscard]] Readiness leave_terminal();

}  // namespace penstock::control
