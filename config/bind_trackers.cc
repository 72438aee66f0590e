// vrrp_script, vrrp_track_process and track_file: what instances can track (who does: bind_track_lines.cc).
#include <algorithm>
#include <iterator>
#include <set>
#include <string>

#include "config/bind_health.h"
#include "config/bind_vrrp.h"
#include "config/text.h"
#include "config/value.h"

namespace penstock::config {
namespace {

using vrrp::Duration;
using vrrp::Weight;

}  // namespace

Trackers::Trackers(const std::vector<Statement>& statements, const BindContext& context)
    : context_{context}, diagnostics_{context.diagnostics} {
  for (const Statement& statement : statements) {
    if (statement.words.size() < 2) continue;
    const std::string& keyword = statement.name().text;
    const Word& name = statement.words[1];
    if (keyword == "vrrp_script") bind_script_tracker(statement);
    if (keyword == "vrrp_track_process") bind_process_tracker(statement);
    if (keyword != "track_file" && keyword != "vrrp_track_file") continue;
    const auto file = context.health.track_files.find(name.text);
    const bool known = file != context.health.track_files.end();
    file_names_.emplace(
        name.text, KnownTracker{name, known ? Weight{file->second.weight, file->second.reverse} : Weight{1, false}, false});
  }
}

Weight Trackers::bind_weight(const Fields& fields, std::int64_t most) const {
  const Statement* const statement = fields.last({"weight"});
  const auto value = fields.integer("weight", -254, 254);
  if (!value) return {};
  return {static_cast<int>(fit_weight(*value, statement->words[1], most, diagnostics_)),
          statement->words.size() > 2 && statement->words[2].text == "reverse"};
}

void Trackers::bind_script_tracker(const Statement& statement) {
  const Word& name = statement.words[1];
  const bool first = first_scripts_.add(name.text, name, "vrrp_script " + quote(name.text), context_);
  const Fields fields{statement.children, diagnostics_};
  if (first) script_names_.emplace(name.text, KnownTracker{name, {}, false});
  if (!first || statement.damaged) return;
  script_names_.at(name.text).weight = bind_weight(fields, kMostScriptWeight);

  vrrp::ScriptTracker out{.name = name.text};
  const Statement* const script = fields.last({"script"});
  if (script == nullptr) {
    diagnostics_.error(name.place, "vrrp_script " + quote(name.text) + " has no script", "script \"COMMAND\"");
    return;
  }
  if (script->words.size() > 2) {
    diagnostics_.warning(script->words[2].place, "keepalived runs the first word of a script alone: here all of them count",
                         "the command in double quotes");
    for (std::size_t i = 1; i < script->words.size(); ++i) out.script.command.push_back(script->words[i].text);
  } else {
    out.script = bind_script(script, context_);
  }
  if (const Statement* const user = fields.last({"user"}); user != nullptr && user->words.size() > 1) {
    out.script.user = user->words[1].text;
    if (user->words.size() > 2) out.script.group = user->words[2].text;
  }
  out.interval = fields.duration("interval").value_or(out.interval);
  out.timeout = fields.duration("timeout").value_or(Duration{0});
  if (out.timeout == Duration{0}) out.timeout = out.interval;
  out.rise = static_cast<std::uint32_t>(fields.integer("rise", 1, kLargestNumber).value_or(1));
  out.fall = static_cast<std::uint32_t>(fields.integer("fall", 1, kLargestNumber).value_or(1));
  out.starts_failed = fields.has("init_fail");
  scripts_.push_back(std::move(out));
}

void Trackers::bind_process_tracker(const Statement& statement) {
  const Word& name = statement.words[1];
  const bool first = first_processes_.add(name.text, name, "vrrp_track_process " + quote(name.text), context_);
  const Fields fields{statement.children, diagnostics_};
  if (first) process_names_.emplace(name.text, KnownTracker{name, {}, false});
  if (!first || statement.damaged) return;
  process_names_.at(name.text).weight = bind_weight(fields, kMostProcessWeight);
  processes_.push_back(bind_process(statement, fields));
}

vrrp::ProcessTracker Trackers::bind_process(const Statement& statement, const Fields& fields) const {
  using Match = vrrp::ProcessTracker::Arguments;
  const Word& name = statement.words[1];
  vrrp::ProcessTracker out{.name = name.text};
  const Statement* const process = fields.last({"process"});
  if (process == nullptr) {
    diagnostics_.error(name.place, "vrrp_track_process " + quote(name.text) + " has no process", "process NAME");
    return out;
  }
  if (process->words.size() > 2) {
    for (std::size_t i = 1; i < process->words.size(); ++i) out.command.push_back(process->words[i].text);
  } else {
    out.command = bind_script(process, context_).command;
  }
  // param_match without arguments asks for a process without any (keepalived.conf(5)).
  const Word* const match = fields.value({"param_match"});
  if (match == nullptr) {
    out.arguments = out.command.size() > 1 ? Match::kExact : Match::kIgnored;
  } else if (out.command.size() < 2) {
    out.arguments = Match::kExact;
  } else {
    out.arguments = match->text == "initial" ? Match::kInitial : Match::kPartial;
  }
  out.full_command = fields.has("full_command");
  const auto quorum = fields.integer("quorum", 1, 65535);
  const auto most = fields.integer("quorum_max", 0, 65535);
  if (most) out.most = static_cast<std::uint32_t>(*most);
  out.quorum = static_cast<std::uint32_t>(quorum.value_or(std::min<std::int64_t>(1, out.most)));
  if (out.quorum > out.most) {
    diagnostics_.error(fields.value({"quorum_max"})->place,
                       "quorum_max " + std::to_string(out.most) + " is below the quorum of " + std::to_string(out.quorum));
  }
  const auto both = fields.duration("delay");
  out.fork_delay = fields.duration("fork_delay").value_or(both.value_or(Duration{0}));
  out.terminate_delay = fields.duration("terminate_delay").value_or(both.value_or(Duration{0}));
  return out;
}

void Trackers::finish(vrrp::RouterSpec& router) const {
  std::set<std::string> scripts;
  std::set<std::string> processes;
  std::set<std::string> files;
  const auto collect = [&](const vrrp::Tracking& tracking) {
    for (const vrrp::TrackLine& line : tracking.scripts) scripts.insert(line.name);
    for (const vrrp::TrackLine& line : tracking.processes) processes.insert(line.name);
    for (const vrrp::TrackLine& line : tracking.files) files.insert(line.name);
  };
  for (const vrrp::InstanceSpec& instance : router.instances) collect(instance.tracking);
  for (const vrrp::SyncGroupSpec& group : router.sync_groups) collect(group.tracking);

  std::copy_if(scripts_.begin(), scripts_.end(), std::back_inserter(router.scripts),
               [&](const vrrp::ScriptTracker& script) { return scripts.contains(script.name); });
  std::copy_if(processes_.begin(), processes_.end(), std::back_inserter(router.processes),
               [&](const vrrp::ProcessTracker& process) { return processes.contains(process.name); });
  for (const auto& [name, file] : context_.health.track_files) {
    if (files.contains(name)) {
      router.files.push_back(
          {.name = name, .path = file.path, .initial = file.initial, .overwrite = file.overwrite && file.initial});
    } else if (file.init_place) {
      diagnostics_.warning(*file.init_place, "\"init_file\" has no effect: no instance tracks this file");
    }
  }
  for (const auto& [name, script] : script_names_) {
    if (!script.used)
      diagnostics_.warning(script.name.place, "no instance tracks vrrp_script " + quote(name) + ": it is not run");
  }
  for (const auto& [name, process] : process_names_) {
    if (!process.used) diagnostics_.warning(process.name.place, "no instance tracks vrrp_track_process " + quote(name));
  }
}

}  // namespace penstock::config
