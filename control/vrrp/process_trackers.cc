#include "control/vrrp/process_trackers.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ranges>
#include <string_view>
#include <system_error>
#include <utility>

namespace penstock::control {
namespace {

constexpr std::size_t kCommLength = 15;  // TASK_COMM_LEN less its zero

std::string content_of(const std::filesystem::path& file) {
  std::ifstream stream{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

std::vector<std::string> words_of(const std::string& cmdline) {
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin < cmdline.size();) {
    const std::size_t end = std::min(cmdline.find('\0', begin), cmdline.size());
    words.push_back(cmdline.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

bool is_number(const std::string& text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

bool arguments_match(const vrrp::ProcessTracker& tracker, const std::vector<std::string>& words) {
  using Arguments = vrrp::ProcessTracker::Arguments;
  if (tracker.arguments == Arguments::kIgnored) return true;
  const auto wanted = tracker.command | std::views::drop(1);
  const auto given = words | std::views::drop(1);
  if (tracker.arguments == Arguments::kExact) return std::ranges::equal(wanted, given);
  const auto count = std::ranges::distance(wanted);
  if (std::ranges::distance(given) < count) return false;
  if (tracker.arguments == Arguments::kInitial) return std::ranges::equal(wanted, given | std::views::take(count));
  // kPartial: the last of ours may be the beginning of theirs.
  return std::ranges::equal(wanted, given | std::views::take(count),
                            [](const std::string& ours, const std::string& theirs) { return theirs.starts_with(ours); });
}

}  // namespace

bool is_tracked_process(const vrrp::ProcessTracker& tracker, const std::string& name, const std::vector<std::string>& words) {
  if (tracker.command.empty()) return false;
  const std::string& program = tracker.command.front();
  if (tracker.full_command) {
    if (words.empty() || words.front() != program) return false;
  } else {
    const std::string base = std::filesystem::path{program}.filename().string();
    if (name != base.substr(0, kCommLength)) return false;
  }
  return arguments_match(tracker, words);
}

ProcessTrackers::ProcessTrackers(EventLoop& loop, Report report)
    : loop_{loop}, report_{std::move(report)}, timer_{loop.add_timer([this] { look(); })} {}

void ProcessTrackers::set(const std::vector<vrrp::ProcessTracker>& trackers) {
  std::erase_if(tracked_, [&](const auto& each) { return std::ranges::find(trackers, each.second.spec) == trackers.end(); });
  for (const vrrp::ProcessTracker& tracker : trackers) tracked_.try_emplace(tracker.name, Tracked{tracker, {}, {}});
  if (tracked_.empty()) return timer_.stop();
  timer_.start_every(kPeriod);
  look();
}

void ProcessTrackers::look() {
  std::map<std::string, std::uint32_t> counts;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc", failed}) {
    if (!is_number(entry.path().filename().string())) continue;
    std::string name = content_of(entry.path() / "comm");
    if (!name.empty() && name.back() == '\n') name.pop_back();
    const std::vector<std::string> words = words_of(content_of(entry.path() / "cmdline"));
    for (const auto& [tracker, tracked] : tracked_) {
      if (is_tracked_process(tracked.spec, name, words)) ++counts[tracker];
    }
  }
  for (auto& [tracker, tracked] : tracked_) judge(tracked, counts[tracker]);
}

void ProcessTrackers::judge(Tracked& tracked, std::uint32_t count) {
  const bool enough = count >= tracked.spec.quorum && count <= tracked.spec.most;
  if (tracked.told == enough) {
    tracked.differs_since.reset();
    return;
  }
  const auto now = EventLoop::now();
  const auto since = tracked.differs_since.value_or(now);
  tracked.differs_since = since;
  const vrrp::Duration delay = enough ? tracked.spec.fork_delay : tracked.spec.terminate_delay;
  if (tracked.told && now - since < delay) return;
  tracked.told = enough;
  tracked.differs_since.reset();
  report_(tracked.spec.name, enough);
}

}  // namespace penstock::control
