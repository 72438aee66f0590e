#include "control/cli/unix_socket.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

namespace penstock::control {
namespace {

std::optional<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) return std::nullopt;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

const sockaddr* generic(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

std::string failure(std::string_view what, const std::string& path, int error) {
  return fmt::format("can't {} {}: {}", what, path, std::strerror(error));
}

// Makes way for a new socket at `path`: nothing there, or a dead socket, which is removed. Else a sentence.
std::optional<std::string> clear_path(const std::string& path) {
  struct stat info{};
  if (lstat(path.c_str(), &info) != 0) return errno == ENOENT ? std::nullopt : std::optional{failure("look at", path, errno)};
  if (!S_ISSOCK(info.st_mode))
    return fmt::format("{} exists and is not a socket: remove it, or choose another path by --socket", path);
  const auto other = connect_unix(path);
  if (other)
    return fmt::format("another penstockd (process {}) already answers on {}: stop it, or choose another path by --socket",
                       peer_process(*other), path);
  if (other.error() != ECONNREFUSED) return failure("see who listens on", path, other.error());
  if (unlink(path.c_str()) != 0) return failure("remove the stale socket", path, errno);
  return std::nullopt;
}

}  // namespace

std::expected<Descriptor, int> connect_unix(const std::string& path) {
  const auto address = address_of(path);
  if (!address) return std::unexpected(ENAMETOOLONG);
  Descriptor connection{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!connection || connect(connection.get(), generic(*address), sizeof(*address)) != 0) return std::unexpected(errno);
  return connection;
}

pid_t peer_process(const Descriptor& connection) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  return getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : 0;
}

std::expected<Descriptor, std::string> listen_unix(const std::string& path) {
  const auto address = address_of(path);
  if (!address) return std::unexpected(fmt::format("the socket's path is empty or too long: {}", path));
  std::error_code ignored;  // bind says it better
  if (const auto folder = std::filesystem::path{path}.parent_path(); !folder.empty())
    std::filesystem::create_directory(folder, ignored);
  if (auto obstacle = clear_path(path)) return std::unexpected(std::move(*obstacle));

  Descriptor listener{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  // The file's mode comes from the socket's, cut by the umask: never wider than meant, then exactly as meant.
  if (!listener || fchmod(listener.get(), 0660) != 0) return std::unexpected(failure("make a socket for", path, errno));
  if (bind(listener.get(), generic(*address), sizeof(*address)) != 0)
    return std::unexpected(failure("create the socket", path, errno));
  constexpr int kBacklog = 64;
  if (chmod(path.c_str(), 0660) != 0 || listen(listener.get(), kBacklog) != 0) {
    const int error = errno;
    unlink(path.c_str());
    return std::unexpected(failure("listen on", path, error));
  }
  return listener;
}

}  // namespace penstock::control
