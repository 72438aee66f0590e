#include "healthcheck/io/notify_fifo.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace penstock::healthcheck {

std::expected<NotifyFifo, std::string> NotifyFifo::open(const std::string& path, const std::optional<control::UserIds>& owner) {
  const auto refuse = [&path](const std::string& why) { return std::unexpected{"notify fifo " + path + ": " + why}; };
  const bool is_new = mkfifo(path.c_str(), S_IRUSR | S_IWUSR) == 0;
  if (!is_new && errno != EEXIST) return refuse(std::strerror(errno));
  // For reading as well, so that it opens and keeps its lines while nobody else reads, and never breaks (SIGPIPE).
  Socket pipe{::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW)};
  if (!pipe) return refuse(std::strerror(errno));
  struct stat status{};
  if (fstat(pipe.fd(), &status) != 0 || !S_ISFIFO(status.st_mode)) return refuse("is no named pipe");
  if (is_new && owner && fchown(pipe.fd(), owner->user, owner->group) != 0) {
    return refuse(std::string{"its owner can't be set: "} + std::strerror(errno));
  }
  return NotifyFifo{std::move(pipe)};
}

bool NotifyFifo::write(std::string_view line) {
  // One write of at most PIPE_BUF bytes goes in whole or not at all.
  const std::string text = std::string{line} + '\n';
  if (::write(pipe_.fd(), text.data(), text.size()) == static_cast<ssize_t>(text.size())) return true;
  ++lost_;
  return false;
}

}  // namespace penstock::healthcheck
