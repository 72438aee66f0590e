// Whom scripts run as, and whether a script may be run as root: keepalived's rules (script_user, enable_script_security).
//
// The names are resolved by the system's databases, which may be slow where they are remote: resolve when a configuration is
// read, not while the loop runs. ScriptUsers remembers what was asked.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <utility>

#include "control/loop/child_process.h"

namespace penstock::control {

// The ids of a user and a group by name. An empty group is the user's own. An empty user is keepalived_script where that user
// exists, else root. The error is a line for the log.
[[nodiscard]] std::expected<UserIds, std::string> resolve_script_user(const std::string& user, const std::string& group);

// Remembers ids by name until forget(); what could not be found out is asked again. Loop's thread only.
class ScriptUsers {
 public:
  std::expected<UserIds, std::string> ids_of(const std::string& user, const std::string& group);
  // For a reload: users may be others now.
  void forget() { known_.clear(); }

 private:
  std::map<std::pair<std::string, std::string>, UserIds> known_;
};

enum class ScriptSafety : std::uint8_t {
  kSafe,
  kNotFound,       // no such file, or none that can be looked at
  kNotExecutable,  // not by those ids
  kInsecure,       // run as root (or set-id root), but others could change it or a directory on its path
};

// Looks at a program as it lies there now: reads the attributes of the file and of each directory above it. A name without '/'
// is searched in PATH.
[[nodiscard]] ScriptSafety check_script(const std::string& program, UserIds ids);

// keepalived's line for a configuration that runs scripts without enable_script_security.
[[nodiscard]] std::string script_security_violation(bool any_is_insecure);

}  // namespace penstock::control
