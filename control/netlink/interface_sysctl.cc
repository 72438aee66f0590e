#include "control/netlink/interface_sysctl.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace penstock::control {
namespace {

class File {
 public:
  File(const std::string& path, int flags) : fd_{open(path.c_str(), flags | O_CLOEXEC)} {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

std::unexpected<std::string> failed(const char* verb, const std::string& path) {
  return std::unexpected{std::string{"cannot "} + verb + " " + path + ": " + std::strerror(errno)};
}

}  // namespace

InterfaceSysctl::InterfaceSysctl(Family family, std::string_view interface, std::string_view key)
    : path_{std::string{"/proc/sys/net/"} + (family == Family::kIpv4 ? "ipv4" : "ipv6") + "/conf/" + std::string{interface} +
            "/" + std::string{key}} {}

std::expected<std::string, std::string> InterfaceSysctl::read() const {
  const File file{path_, O_RDONLY};
  std::array<char, 64> text{};
  if (file.fd() < 0) return failed("open", path_);
  const ssize_t size = ::read(file.fd(), text.data(), text.size());
  if (size < 0) return failed("read", path_);
  std::string value{text.data(), static_cast<std::size_t>(size)};
  while (!value.empty() && value.back() == '\n') value.pop_back();
  return value;
}

std::expected<void, std::string> InterfaceSysctl::write(std::string_view value) const {
  const File file{path_, O_WRONLY};
  if (file.fd() < 0) return failed("open", path_);
  if (::write(file.fd(), value.data(), value.size()) != static_cast<ssize_t>(value.size())) return failed("write", path_);
  return {};
}

bool InterfaceSysctl::exists() const { return access(path_.c_str(), F_OK) == 0; }

}  // namespace penstock::control
