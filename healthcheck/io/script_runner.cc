#include "healthcheck/io/script_runner.h"

#include <unistd.h>

#include <utility>

namespace penstock::healthcheck {

using control::ScriptSafety;
using control::UserIds;

ScriptRunner::ScriptRunner(control::EventLoop& loop, Options options)
    : loop_{loop}, processes_{loop}, options_{std::move(options)} {}

std::expected<UserIds, std::string> ScriptRunner::resolve(const Script& script) {
  if (!script.user.empty()) return users_.ids_of(script.user, script.group);
  if (!options_.default_user.empty()) return users_.ids_of(options_.default_user, options_.default_group);
  // Not root: whoever we are is all that there is.
  if (geteuid() != 0) return UserIds{.user = geteuid(), .group = getegid()};
  return users_.ids_of({}, {});
}

std::expected<control::ChildProcess, std::string> ScriptRunner::start(const Script& script,
                                                                      control::ChildProcesses::OnExit on_exit) {
  if (script.empty()) return std::unexpected{std::string{"no command"}};
  const auto ids = resolve(script);
  if (!ids) return std::unexpected{ids.error()};
  if (options_.refuse_insecure && control::check_script(script.command[0], *ids) == ScriptSafety::kInsecure) {
    return std::unexpected{"Unsafe permissions found for script '" + script.command[0] + "'."};
  }
  return processes_.start({.words = script.command, .ids = *ids}, std::move(on_exit));
}

void ScriptRunner::set_options(Options options) {
  options_ = std::move(options);
  users_.forget();
}

}  // namespace penstock::healthcheck
