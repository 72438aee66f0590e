#include "control/tap/process_identity.h"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace penstock::control {

std::optional<ProcessIdentity> ProcessIdentity::of(pid_t pid) {
  std::ifstream file{"/proc/" + std::to_string(pid) + "/stat"};
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  // proc(5): field 2 is the program's name in brackets and may contain anything; field 3 is the state, field 22 the start time.
  std::istringstream fields{line.substr(line.rfind(')') + 1)};
  std::string state;
  fields >> state;
  if (state == "Z" || state == "X") return std::nullopt;  // dead already, only not yet waited for
  std::string skipped;
  for (int field = 4; field < 22; ++field) fields >> skipped;
  ProcessIdentity identity{pid, 0};
  if (!(fields >> identity.start_ticks)) return std::nullopt;
  return identity;
}

ProcessIdentity ProcessIdentity::own() { return of(getpid()).value_or(ProcessIdentity{getpid(), 0}); }

}  // namespace penstock::control
