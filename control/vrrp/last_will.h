// What a dying process still does: a failed assertion, an exception that nobody caught or a bad pointer ends the daemon, and
// with it every virtual router that is master here. If it says so, the backup takes over after its skew time; if not, only
// after three silent intervals more (RFC 5798, section 6.4.3: a Shutdown sends priority 0).
//
// One at a time in a process.
#pragma once

#include <functional>

namespace penstock::control {

class LastWill {
 public:
  // `carry_out` is called once, in the handler of SIGABRT, SIGSEGV, SIGBUS, SIGFPE or SIGILL, on whatever thread it hits; then
  // the signal ends the process as it would have. What it does can't be more careful than that: a second fault in it ends the
  // process at once.
  explicit LastWill(std::function<void()> carry_out);
  ~LastWill();
  LastWill(const LastWill&) = delete;
  LastWill& operator=(const LastWill&) = delete;
};

}  // namespace penstock::control
