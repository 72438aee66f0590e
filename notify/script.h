// A command that the operator has us run: as notification, as health check, or to track.
#pragma once

#include <string>
#include <vector>

namespace penstock::notify {

// A command and the user to run it as.
struct Script {
  std::vector<std::string> command{};  // the program and its arguments
  std::string user{};                  // empty: the configuration's script_user, else keepalived_script, else root
  std::string group{};                 // empty: the user's own

  friend bool operator==(const Script&, const Script&) = default;
  [[nodiscard]] bool empty() const { return command.empty(); }
};

}  // namespace penstock::notify
