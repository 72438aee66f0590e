#include "control/daemon/pid_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

namespace penstock::control {
namespace {

std::string first_line_of(int descriptor) {
  char text[32] = {};
  const ssize_t size = pread(descriptor, text, sizeof(text) - 1, 0);
  return size > 0 ? std::string{text, std::strcspn(text, "\n")} : std::string{"?"};
}

}  // namespace

std::expected<PidFile, std::string> PidFile::create(const std::string& path) {
  std::error_code ignored;  // what went wrong with the directory, open() will say
  std::filesystem::create_directories(std::filesystem::path{path}.parent_path(), ignored);
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0)
    return std::unexpected{fmt::format("can't write the pid file {}: {}; name another with -p", path, std::strerror(errno))};
  PidFile file{path, descriptor};
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const std::string other = first_line_of(descriptor);
    file.path_.clear();  // it is the other daemon's
    return std::unexpected{
        fmt::format("daemon is already running: process {} holds {}; stop it, or name another file with -p", other, path)};
  }
  const std::string line = fmt::format("{}\n", getpid());
  if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, line.data(), line.size(), 0) != static_cast<ssize_t>(line.size())) {
    return std::unexpected{fmt::format("can't write the pid file {}: {}", path, std::strerror(errno))};
  }
  return file;
}

PidFile::~PidFile() {
  if (!path_.empty()) unlink(path_.c_str());
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace penstock::control
