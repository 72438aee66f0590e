#include "control/log.h"

#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/base_sink.h>
#include <syslog.h>

#include <cstdio>
#include <ctime>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace penstock::control::log {
namespace {

// spdlog has five levels below "critical" and syslog has five that we use, in the same order: only their names differ ("notice"
// is spdlog's warn, "warning" its err ...).
spdlog::level::level_enum spdlog_level(Level level) { return static_cast<spdlog::level::level_enum>(level); }

int syslog_priority(spdlog::level::level_enum level) {
  switch (static_cast<Level>(level)) {
    case Level::kDebug: return LOG_DEBUG;
    case Level::kInfo: return LOG_INFO;
    case Level::kNotice: return LOG_NOTICE;
    case Level::kWarning: return LOG_WARNING;
    case Level::kError: return LOG_ERR;
  }
  return LOG_INFO;
}

// spdlog's own syslog sink has no "notice".
class SyslogSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  SyslogSink(std::string ident, int facility) : ident_{std::move(ident)} {
    openlog(ident_.c_str(), LOG_PID | LOG_NDELAY, facility);
  }
  ~SyslogSink() override { closelog(); }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    syslog(syslog_priority(message.level), "%.*s", static_cast<int>(message.payload.size()), message.payload.data());
  }
  void flush_() override {}

  std::string ident_;  // openlog keeps the pointer
};

// spdlog's patterns can't pad the day of the month with a blank, as keepalived's lines do (asctime's format).
class StderrSink final : public spdlog::sinks::base_sink<std::mutex> {
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::time_t seconds = spdlog::log_clock::to_time_t(message.time);
    std::tm local{};
    localtime_r(&seconds, &local);
    char when[64];
    std::strftime(when, sizeof(when), "%a %b %e %H:%M:%S %Y", &local);
    fmt::print(stderr, "{}: {}\n", when, fmt::string_view{message.payload.data(), message.payload.size()});
  }
  void flush_() override { std::fflush(stderr); }
};

int facility_of(const Options& options) {
  if (!options.local_facility) return LOG_DAEMON;
  constexpr unsigned kBitsOfPriority = 3;  // syslog(3): facilities stand above them
  return static_cast<int>(static_cast<unsigned>(LOG_LOCAL0) + (*options.local_facility << kBitsOfPriority));
}

std::shared_ptr<spdlog::logger> direct_logger() {
  return std::make_shared<spdlog::logger>("direct", std::make_shared<StderrSink>());
}

// The writer thread and what feeds it. The queue's thread joins when the last owner lets go, after writing what is queued.
struct Writer {
  std::shared_ptr<spdlog::details::thread_pool> thread;
  std::shared_ptr<spdlog::logger> logger;
};

std::mutex mutex;  // guards `writer`; held for a pointer's copy only
Writer writer;

std::shared_ptr<spdlog::logger> current() {
  const std::lock_guard lock{mutex};
  if (!writer.logger) writer.logger = direct_logger();
  return writer.logger;
}

void replace(Writer next) {
  {
    const std::lock_guard lock{mutex};
    std::swap(writer, next);
  }
  next.logger.reset();  // then `next.thread` ends, outside the lock
}

}  // namespace

void open(const Options& options) {
  close();  // first: a syslog sink that ends later would take the new one's name away (closelog)
  constexpr std::size_t kQueuedLines = 8192;
  std::vector<spdlog::sink_ptr> sinks;
  if (options.target != Target::kSyslog) sinks.push_back(std::make_shared<StderrSink>());
  if (options.target != Target::kStderr) sinks.push_back(std::make_shared<SyslogSink>(options.ident, facility_of(options)));
  auto thread = std::make_shared<spdlog::details::thread_pool>(kQueuedLines, 1U);
  auto logger = std::make_shared<spdlog::async_logger>(options.ident, sinks.begin(), sinks.end(), thread,
                                                       spdlog::async_overflow_policy::overrun_oldest);
  logger->set_level(spdlog_level(options.detail ? Level::kDebug : Level::kInfo));
  logger->flush_on(spdlog_level(Level::kDebug));  // a line is in the file when the writer is done with it
  replace({std::move(thread), std::move(logger)});
}

void close() { replace({}); }

void write(Level level, std::string_view text) {
  const auto logger = current();
  if (text.find_first_of("\r\n") == std::string_view::npos) {
    logger->log(spdlog_level(level), spdlog::string_view_t{text.data(), text.size()});
    return;
  }
  std::string line{text};
  for (char& c : line)
    if (c == '\n' || c == '\r') c = ' ';
  logger->log(spdlog_level(level), line);
}

void write(const notify::LogLine& line) {
  switch (line.level) {
    case notify::LogLine::Level::kDebug: return write(Level::kDebug, line.text);
    case notify::LogLine::Level::kInfo: return write(Level::kInfo, line.text);
    case notify::LogLine::Level::kWarning: return write(Level::kWarning, line.text);
  }
}

bool enabled(Level level) { return current()->should_log(spdlog_level(level)); }

RateLimit::Pass RateLimit::pass(Time now) {
  Pass pass;
  pass.allowed_ = now >= next_;
  if (!pass.allowed_) {
    ++suppressed_;
    return pass;
  }
  pass.suppressed_ = std::exchange(suppressed_, 0);
  next_ = now + interval_;
  return pass;
}

std::string RateLimit::Pass::suffix() const {
  return suppressed_ == 0 ? std::string{} : fmt::format(" (suppressed {} time{})", suppressed_, suppressed_ == 1 ? "" : "s");
}

}  // namespace penstock::control::log
