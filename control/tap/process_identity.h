// A process named so that no later one is taken for it: its id and the time at which it started (in kernel ticks since boot).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace penstock::control {

struct ProcessIdentity {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;

  [[nodiscard]] static ProcessIdentity own();
  // The process that has this id now, if there is one. Sees only its own PID namespace.
  [[nodiscard]] static std::optional<ProcessIdentity> of(pid_t pid);
  [[nodiscard]] bool is_alive() const { return of(pid) == *this; }
  friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
};

}  // namespace penstock::control
