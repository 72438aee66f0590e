// DPDK's environment layer (EAL), owned by scope: memory, worker threads and logging. One in a process, ever: DPDK can't be
// started twice.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/dpdk/eal_arguments.h"

namespace penstock::dpdk {

enum class LogLevel : std::uint8_t { kError, kWarning, kInfo, kDebug };

// Control-owned. The thread that starts it becomes DPDK's main thread and must be the one that ends it.
class Eal {
 public:
  // Gets each line that DPDK logs, without its newline; may be called from any thread.
  using Log = std::function<void(LogLevel, std::string_view)>;

  // The error is one sentence that says what to do.
  [[nodiscard]] static std::expected<std::unique_ptr<Eal>, std::string> start(const EalOptions& options, Log log);
  ~Eal();
  Eal(const Eal&) = delete;
  Eal& operator=(const Eal&) = delete;

  // Set when the machine has no huge pages for us: why that matters, and how to get them. For the log, once.
  [[nodiscard]] const std::optional<std::string>& notice() const { return notice_; }
  // The threads for workers, in order.
  [[nodiscard]] const std::vector<unsigned>& worker_lcores() const { return worker_lcores_; }

 private:
  class LogStream;
  explicit Eal(std::unique_ptr<LogStream> log);

  std::unique_ptr<LogStream> log_;
  std::optional<std::string> notice_;
  std::vector<unsigned> worker_lcores_;
};

}  // namespace penstock::dpdk
