#include "dataplane/dpdk/eal.h"

#include <fmt/format.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_log.h>

#include <atomic>
#include <cstdio>
#include <mutex>

#include "dataplane/dpdk/transparent_huge_pages.h"

namespace penstock::dpdk {
namespace {

LogLevel level_of(int level) {
  if (level <= static_cast<int>(RTE_LOG_ERR)) return LogLevel::kError;
  if (level <= static_cast<int>(RTE_LOG_WARNING)) return LogLevel::kWarning;
  return level <= static_cast<int>(RTE_LOG_INFO) ? LogLevel::kInfo : LogLevel::kDebug;
}

constexpr auto kNoHugePages =
    "No huge pages are free, so packets cost about 20 ns more each; to have them: "
    "echo 256 > /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages (or vm.nr_hugepages=256 in /etc/sysctl.d), then start "
    "again";

std::string reason_for(int error, const std::string& last_words) {
  switch (error) {
    case EALREADY: return "DPDK can be started only once in a process";
    case EACCES:
      return "DPDK could not start for want of permission: run as root, or with CAP_NET_ADMIN, CAP_NET_RAW and CAP_IPC_LOCK";
    case ENOMEM:
      return fmt::format("DPDK could not get its memory ({}): free some, or give it less by --eal \"--no-huge -m 128\"",
                         last_words);
    case EINVAL: return fmt::format("DPDK refused its arguments ({}): look at --eal and --workers", last_words);
    default: return fmt::format("DPDK could not start: {} ({})", rte_strerror(error), last_words);
  }
}

}  // namespace

// A stdio stream that hands each line to the caller and remembers the last complaint, for the sentence that start() returns.
class Eal::LogStream {
 public:
  explicit LogStream(Log log) : log_{std::move(log)} {
    cookie_io_functions_t functions{};
    functions.write = [](void* self, const char* text, std::size_t size) -> ssize_t {
      static_cast<LogStream*>(self)->take({text, size});
      return static_cast<ssize_t>(size);
    };
    file_ = fopencookie(this, "w", functions);
    std::setvbuf(file_, nullptr, _IOLBF, BUFSIZ);
    rte_openlog_stream(file_);
  }
  ~LogStream() {
    rte_openlog_stream(nullptr);
    std::fclose(file_);
  }
  LogStream(const LogStream&) = delete;
  LogStream& operator=(const LogStream&) = delete;

  [[nodiscard]] std::string last_words() {
    const std::lock_guard lock{mutex_};
    return last_words_.empty() ? "no message" : last_words_;
  }

 private:
  void take(std::string_view text) {
    const int number = rte_log_cur_msg_loglevel();
    const LogLevel level = number < 0 ? LogLevel::kInfo : level_of(number);
    const std::lock_guard lock{mutex_};
    while (!text.empty()) {
      const auto end = text.find('\n');
      const std::string_view line = text.substr(0, end);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      if (line.empty()) continue;
      if (level == LogLevel::kError) last_words_ = line;
      if (log_) log_(level, line);
    }
  }

  Log log_;
  std::FILE* file_ = nullptr;
  std::mutex mutex_;
  std::string last_words_;
};

Eal::Eal(std::unique_ptr<LogStream> log) : log_{std::move(log)} {}

std::expected<std::unique_ptr<Eal>, std::string> Eal::start(const EalOptions& options, Log log) {
  static std::atomic<bool> started{false};
  if (started.exchange(true)) return std::unexpected(reason_for(EALREADY, ""));

  auto stream = std::make_unique<LogStream>(std::move(log));
  const EalArguments arguments = eal_arguments(options, Machine::look());
  // DPDK permutes the array and keeps pointers into the words until the process ends.
  static std::vector<std::string> words;
  words = arguments.words;
  std::vector<char*> pointers;
  for (auto& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  if (rte_eal_init(static_cast<int>(words.size()), pointers.data()) < 0) {
    return std::unexpected(reason_for(rte_errno, stream->last_words()));
  }

  std::unique_ptr<Eal> eal{new Eal{std::move(stream)}};
  unsigned lcore = 0;
  RTE_LCORE_FOREACH_WORKER(lcore) { eal->worker_lcores_.push_back(lcore); }
  if (eal->worker_lcores_.size() < options.workers) {
    return std::unexpected(fmt::format("{} workers need {} lcores besides the main one, but --eal gives {}", options.workers,
                                       options.workers, eal->worker_lcores_.size()));
  }
  if (arguments.small_pages) {
    eal->notice_ = kNoHugePages;
    if (options.transparent_huge_pages) use_transparent_huge_pages();
  }
  return eal;
}

Eal::~Eal() { rte_eal_cleanup(); }

}  // namespace penstock::dpdk
