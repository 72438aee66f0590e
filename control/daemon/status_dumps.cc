#include "control/daemon/status_dumps.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "control/log.h"

namespace penstock::control {
namespace {

// Whether all of it was written; errno says why not.
bool write_all(int descriptor, const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t written = ::write(descriptor, text.data() + at, text.size() - at);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    at += static_cast<std::size_t>(written);
  }
  return true;
}

}  // namespace

std::expected<void, std::string> replace_file(const std::string& path, const std::string& text) {
  const std::string draft = fmt::format("{}.{}.new", path, getpid());
  const auto failed = [&](const char* what) {
    return std::unexpected{fmt::format("can't {} {}: {}", what, path, std::strerror(errno))};
  };
  ::unlink(draft.c_str());  // of an earlier process with our number; in a sticky directory nobody else's can be taken away
  const int descriptor = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (descriptor < 0) return failed("make");
  const bool whole = write_all(descriptor, text);
  const int why = errno;
  const bool closed = ::close(descriptor) == 0;
  if (whole && closed && ::rename(draft.c_str(), path.c_str()) == 0) return {};
  if (!whole) errno = why;
  auto error = failed("write");
  ::unlink(draft.c_str());
  return error;
}

void StatusDumps::write(const std::string& name, std::string text) {
  const std::string path = directory_ + '/' + name;
  if (waiting_.load() >= kMostWaiting) {
    log::warning("{} is not written: earlier ones are still waiting for the disk", path);
    return;
  }
  ++waiting_;
  writer_ = std::jthread{[this, path, content = std::move(text), before = std::move(writer_)]() mutable {
    if (before.joinable()) before.join();
    if (const auto written = replace_file(path, content); !written) log::warning("{}", written.error());
    --waiting_;
  }};
}

}  // namespace penstock::control
