#include "healthcheck/io/script_queue.h"

#include <csignal>
#include <deque>
#include <utility>

namespace penstock::healthcheck {
struct ScriptQueue::Key {
  std::string name;
  std::deque<Script> scripts;  // the first one runs if `is_running`
  bool is_running = false;
  bool is_terminated = false;
  control::ChildProcess process;
  control::Timer timeout;
};

ScriptQueue::ScriptQueue(ScriptRunner& runner, Limits limits, Report report)
    : runner_{runner},
      limits_{limits},
      report_{std::move(report)},
      pump_{runner.loop().add_timer([this] { start_what_may(); })} {}

ScriptQueue::~ScriptQueue() = default;

std::size_t ScriptQueue::size() const {
  std::size_t sum = 0;
  for (const auto& [name, key] : keys_) sum += key->scripts.size();
  return sum;
}

void ScriptQueue::run(Script script, const std::string& key) {
  auto& entry = keys_[key];
  if (!entry) {
    entry = std::make_unique<Key>();
    entry->name = key;
    entry->timeout = runner_.loop().add_timer([this, raw = entry.get()] { on_timeout(*raw); });
  }
  if (entry->scripts.size() >= limits_.longest_backlog) {
    complain(script, "not run: " + std::to_string(entry->scripts.size()) + " scripts of " + key + " are waiting");
    return;
  }
  entry->scripts.push_back(std::move(script));
  if (!pump_.is_active()) pump_.start_once({});
}

void ScriptQueue::start_what_may() {
  for (std::size_t looked_at = 0, all = keys_.size(); looked_at < all && running_ < limits_.at_once && !keys_.empty();
       ++looked_at) {
    auto position = keys_.lower_bound(next_);
    if (position == keys_.end()) position = keys_.begin();
    const auto following = std::next(position);
    next_ = following == keys_.end() ? std::string{} : following->first;
    if (!position->second->is_running) start(*position->second);
  }
}

void ScriptQueue::start(Key& key) {
  auto process = runner_.start(key.scripts.front(), [this, name = key.name](control::ExitStatus) { end(name); });
  key.is_running = true;
  ++running_;
  if (!process) {
    complain(key.scripts.front(), process.error().reason);
    end(key.name);
    return;
  }
  key.process = std::move(*process);
  key.is_terminated = false;
  key.timeout.start_once(limits_.timeout);
}

void ScriptQueue::on_timeout(Key& key) {
  if (!key.is_terminated) {
    complain(key.scripts.front(), "took too long, ended");
    key.is_terminated = true;
    key.process.kill(SIGTERM);
    key.timeout.start_once(kTerminationGrace);
    return;
  }
  key.process.reset();  // kills; whether it is gone already doesn't matter to its followers
  end(std::string{key.name});
}

void ScriptQueue::end(const std::string& name) {
  const auto position = keys_.find(name);
  Key& key = *position->second;
  key.is_running = false;
  --running_;
  key.timeout.stop();
  key.scripts.pop_front();
  if (key.scripts.empty()) keys_.erase(position);
  if (!keys_.empty() && !pump_.is_active()) pump_.start_once({});
}

void ScriptQueue::complain(const Script& script, const std::string& reason) {
  if (report_) report_("script " + (script.empty() ? std::string{"(none)"} : script.command[0]) + ": " + reason);
}

}  // namespace penstock::healthcheck
