#include "healthcheck/io/script_runner.h"

#include <unistd.h>

#include <set>
#include <utility>

#include "healthcheck/io/own_failure.h"

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

std::expected<control::ChildProcess, ScriptRunner::NotStarted> ScriptRunner::start(const Script& script,
                                                                                   control::ChildProcesses::OnExit on_exit) {
  if (script.empty()) return std::unexpected{NotStarted{.reason = "no command"}};
  const auto ids = resolve(script);
  if (!ids) return std::unexpected{NotStarted{.reason = ids.error(), .is_shortage = !can_open_descriptors(1)}};
  if (options_.refuse_insecure && control::check_script(script.command[0], *ids) == ScriptSafety::kInsecure) {
    return std::unexpected{NotStarted{.reason = "Unsafe permissions found for script '" + script.command[0] + "'."}};
  }
  auto process = processes_.start({.words = script.command, .ids = *ids}, std::move(on_exit));
  if (process) return std::move(*process);
  return std::unexpected{NotStarted{.reason = process.error().message(), .is_shortage = is_shortage(process.error().value())}};
}

void ScriptRunner::set_options(Options options) {
  options_ = std::move(options);
  users_.forget();
}

std::vector<std::string> ScriptRunner::look_at(const std::vector<Script>& scripts) {
  std::set<std::string> lines;  // many scripts, few users
  bool any = false;
  bool any_is_insecure = false;
  for (const Script& script : scripts) {
    if (script.empty()) continue;
    any = true;
    const auto ids = resolve(script);
    if (!ids) {
      lines.insert(ids.error());
    } else if (control::check_script(script.command[0], *ids) == ScriptSafety::kInsecure) {
      any_is_insecure = true;
      lines.insert("Unsafe permissions found for script '" + script.command[0] + "'" +
                   (options_.refuse_insecure ? " - disabling." : "."));
    }
  }
  if (any && !options_.refuse_insecure) lines.insert(control::script_security_violation(any_is_insecure));
  return {lines.begin(), lines.end()};
}

}  // namespace penstock::healthcheck
