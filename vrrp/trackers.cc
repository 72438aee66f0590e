#include "vrrp/trackers.h"

#include <utility>

namespace penstock::vrrp {
namespace {

template <typename Value>
bool set_known(std::map<std::string, std::optional<Value>>& known, const std::string& name, Value value) {
  const auto found = known.find(name);
  if (found == known.end() || found->second == value) return false;
  found->second = value;
  return true;
}

template <typename Value>
std::optional<Value> get_known(const std::map<std::string, std::optional<Value>>& known, const std::string& name) {
  const auto found = known.find(name);
  return found == known.end() ? std::nullopt : found->second;
}

}  // namespace

void Trackers::apply(const RouterSpec& spec) {
  std::map<std::string, Script> scripts;
  for (const ScriptTracker& tracker : spec.scripts) {
    const auto old = scripts_.find(tracker.name);
    Script script = old != scripts_.end() ? old->second : Script{};
    if (old == scripts_.end() && tracker.starts_failed) script.succeeds = false;
    script.rise = tracker.rise;
    script.fall = tracker.fall;
    scripts.emplace(tracker.name, script);
  }
  scripts_ = std::move(scripts);

  std::map<std::string, std::optional<bool>> processes;
  for (const ProcessTracker& tracker : spec.processes) processes[tracker.name] = get_known(processes_, tracker.name);
  processes_ = std::move(processes);

  std::map<std::string, std::optional<std::int64_t>> files;
  for (const FileTracker& tracker : spec.files) files[tracker.name] = get_known(files_, tracker.name);
  files_ = std::move(files);
}

// One result is enough at first, whichever it is; afterwards `rise` successes or `fall` failures in a row turn it.
bool Trackers::on_script(const std::string& name, bool success) {
  const auto found = scripts_.find(name);
  if (found == scripts_.end()) return false;
  Script& script = found->second;
  if (script.succeeds == success) {
    script.against = 0;
    return false;
  }
  ++script.against;
  if (script.succeeds && script.against < (success ? script.rise : script.fall)) return false;
  script.succeeds = success;
  script.against = 0;
  return true;
}

bool Trackers::on_processes(const std::string& name, bool enough) { return set_known(processes_, name, enough); }
bool Trackers::on_file(const std::string& name, std::int64_t value) { return set_known(files_, name, value); }

std::optional<bool> Trackers::script(const std::string& name) const {
  const auto found = scripts_.find(name);
  return found == scripts_.end() ? std::nullopt : found->second.succeeds;
}
std::optional<bool> Trackers::processes(const std::string& name) const { return get_known(processes_, name); }
std::optional<std::int64_t> Trackers::file(const std::string& name) const { return get_known(files_, name); }

}  // namespace penstock::vrrp
