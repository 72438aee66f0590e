// keepalived's dumps: what SIGUSR1, SIGUSR2 and SIGRTMIN+2 write into /tmp, for the exporters that ask in that way.
//
// /tmp is everybody's: a file is made anew under a name that nobody can have prepared (O_EXCL, O_NOFOLLOW, mode 0600) and then
// takes the old one's place, so that a link planted there is replaced and never followed, and a reader sees a whole file. The
// writing, which may block, happens on a thread of its own. Control-owned.
#pragma once

#include <atomic>
#include <expected>
#include <string>
#include <thread>

namespace penstock::control {

// Writes `text` to `path` as said above. Blocks. The error is a sentence for the operator.
[[nodiscard]] std::expected<void, std::string> replace_file(const std::string& path, const std::string& text);

class StatusDumps {
 public:
  // The file's name within `directory`, which must exist.
  explicit StatusDumps(std::string directory = "/tmp") : directory_{std::move(directory)} {}
  // Waits for what is being written.
  ~StatusDumps() = default;
  StatusDumps(const StatusDumps&) = delete;
  StatusDumps& operator=(const StatusDumps&) = delete;

  // Writes the file while the caller goes on. Failures are logged. While others are being written it comes after them; more
  // than kMostWaiting are refused, and logged.
  void write(const std::string& name, std::string text);

 private:
  static constexpr int kMostWaiting = 8;

  std::string directory_;
  std::atomic<int> waiting_{0};
  std::jthread writer_;  // joins the one before it
};

}  // namespace penstock::control
