#include "control/vrrp/file_trackers.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <set>
#include <stdexcept>
#include <utility>

namespace penstock::control {
namespace {

constexpr std::uint32_t kChanges = IN_CLOSE_WRITE | IN_MODIFY | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE;

int open_inotify() {
  const int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd < 0) throw std::runtime_error(std::string{"no inotify: "} + std::strerror(errno));
  return fd;
}

// 0 for whatever is no file with a number. O_NONBLOCK: the opening of a FIFO must not wait either.
std::int64_t number_in(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return 0;
  struct stat attributes{};
  std::array<char, 128> text{};
  if (fstat(fd, &attributes) != 0 || !S_ISREG(attributes.st_mode) || read(fd, text.data(), text.size() - 1) < 0) text[0] = '\0';
  close(fd);
  return std::strtol(text.data(), nullptr, 0);
}

}  // namespace

FileTrackers::FileTrackers(EventLoop& loop, Report report, Problem problem)
    : fd_{open_inotify()},
      report_{std::move(report)},
      problem_{std::move(problem)},
      watch_{loop.add_fd(fd_, {.readable = true}, [this](FdEvents) { on_events(); })} {}

FileTrackers::~FileTrackers() {
  watch_.reset();
  close(fd_);
}

void FileTrackers::set(const std::vector<vrrp::FileTracker>& trackers) {
  std::erase_if(tracked_, [&](const auto& each) { return std::ranges::find(trackers, each.second.spec) == trackers.end(); });
  for (const vrrp::FileTracker& tracker : trackers) {
    if (tracked_.try_emplace(tracker.name, Tracked{tracker, std::nullopt}).second && tracker.initial) make(tracker);
  }
  watch_folders();
  for (auto& [name, tracked] : tracked_) look(tracked);
}

void FileTrackers::make(const vrrp::FileTracker& tracker) {
  const int fd = open(tracker.path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (tracker.overwrite ? O_TRUNC : O_EXCL), 0644);
  if (fd < 0) {
    if (errno != EEXIST) problem_("track_file " + tracker.name + ": can't write " + tracker.path + ": " + std::strerror(errno));
    return;
  }
  const std::string text = std::to_string(*tracker.initial) + "\n";
  if (write(fd, text.data(), text.size()) != std::ssize(text))
    problem_("track_file " + tracker.name + ": " + std::strerror(errno));
  close(fd);
}

void FileTrackers::watch_folders() {
  std::set<std::string> wanted;
  for (const auto& [name, tracked] : tracked_) wanted.insert(std::filesystem::path{tracked.spec.path}.parent_path().string());
  std::erase_if(folders_, [&](const auto& folder) {
    if (wanted.erase(folder.second) > 0) return false;
    inotify_rm_watch(fd_, folder.first);
    return true;
  });
  for (const std::string& folder : wanted) {
    const int watched = inotify_add_watch(fd_, folder.c_str(), kChanges);
    if (watched < 0) {
      problem_("can't watch " + folder + " for tracked files: " + std::strerror(errno));
    } else {
      folders_[watched] = folder;
    }
  }
}

// Which file it was doesn't matter: there are few, and a queue that ran over tells no names.
void FileTrackers::on_events() {
  alignas(inotify_event) std::array<char, 4096> events;
  while (read(fd_, events.data(), events.size()) > 0) {
  }
  for (auto& [name, tracked] : tracked_) look(tracked);
}

void FileTrackers::look(Tracked& tracked) {
  const std::int64_t value = number_in(tracked.spec.path);
  if (tracked.told == value) return;
  tracked.told = value;
  report_(tracked.spec.name, value);
}

}  // namespace penstock::control
