// The daemon's log: keepalived's kind of lines, to stderr or syslog, without ever holding up the thread that logs.
//
// A line is formatted by its caller, put into a bounded queue and written by a thread of its own: a full pipe or a stuck syslog
// daemon must not cost VRRP its timing. When the queue is full, the oldest lines are lost. Any thread may log.
// Limits: open() starts a thread, so it comes after any fork(); lines still queued when the process is killed are lost.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "notify/action.h"

namespace penstock::control::log {

// syslog's severities, as far as the daemon uses them.
enum class Level : std::uint8_t { kDebug, kInfo, kNotice, kWarning, kError };

enum class Target : std::uint8_t {
  kStderr,  // "Mon Nov 23 06:24:47 2026: TEXT", as keepalived's -l writes
  kSyslog,
  kSyslogAndStderr  // keepalived's -l without -n
};

struct Options {
  Target target = Target::kStderr;
  std::string ident = "penstockd";           // syslog's name for the program
  bool detail = false;                       // -D: also Level::kDebug
  std::optional<unsigned> local_facility{};  // -S: syslog's local0 to local7 instead of daemon
};

// Before open() lines go to stderr, at once, on the caller's thread. Opening again replaces what was open.
void open(const Options& options);
// Waits until all lines are written, at most for as long as the target takes them; then logs as before open().
void close();

// One line of text without its end. Line ends inside are printed as blanks, so that nobody can forge a line.
void write(Level level, std::string_view text);
void write(const notify::LogLine& line);
[[nodiscard]] bool enabled(Level level);

template <typename... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::kDebug)) write(Level::kDebug, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::kInfo, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void notice(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::kNotice, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::kWarning, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::kError, fmt::format(format, std::forward<Args>(args)...));
}

// For a line that may repeat without end: lets one through per interval and counts the rest.
//
//   if (const auto pass = unreachable_.pass(now)) log::warning("{} is unreachable{}", server, pass.suffix());
class RateLimit {
 public:
  using Time = std::chrono::steady_clock::time_point;

  class Pass {
   public:
    explicit operator bool() const { return allowed_; }
    // " (suppressed 12 times)", or nothing when no line was held back since the last one.
    [[nodiscard]] std::string suffix() const;

   private:
    friend class RateLimit;
    bool allowed_ = false;
    std::uint64_t suppressed_ = 0;
  };

  explicit RateLimit(std::chrono::steady_clock::duration interval) : interval_{interval} {}
  [[nodiscard]] Pass pass(Time now);

 private:
  std::chrono::steady_clock::duration interval_;
  Time next_ = Time::min();
  std::uint64_t suppressed_ = 0;
};

}  // namespace penstock::control::log
