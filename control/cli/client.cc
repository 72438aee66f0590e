#include "control/cli/client.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "control/cli/protocol.h"
#include "control/cli/unix_socket.h"

namespace penstock::control {
namespace {

constexpr int kFailed = 1;

int fail(std::string_view sentence) {
  fmt::print(stderr, "penstock: {}\n", sentence);
  return kFailed;
}

std::string no_daemon(const std::string& path, int error) {
  if (error == ENOENT || error == ECONNREFUSED)
    return fmt::format(
        "penstockd doesn't answer on {}: {}.\n"
        "          Start it (systemctl start penstock, or penstockd -f /etc/keepalived/keepalived.conf --port ...),\n"
        "          or name the socket of a running one by --socket PATH.",
        path, error == ENOENT ? "there is no such socket" : "nobody listens there");
  if (error == EACCES) return fmt::format("{}: permission denied (the socket is open to root and its group)", path);
  return fmt::format("can't connect to {}: {}", path, std::strerror(error));
}

// The daemon sends something at least this often, or drops us itself.
constexpr timeval kPatience{.tv_sec = 60, .tv_usec = 0};

bool send_all(const Descriptor& connection, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(connection.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// Copies every whole frame that has come; the exit status once its frame is there.
std::optional<int> copy_frames(FrameReader& reader) {
  while (true) {
    const auto frame = reader.next();
    if (!frame) return fail(frame.error());
    if (!frame->has_value()) return std::nullopt;
    if ((*frame)->type == FrameType::kExit) return (*frame)->exit_status();
    const int fd = (*frame)->type == FrameType::kStdout ? STDOUT_FILENO : STDERR_FILENO;
    if (!write_all(fd, (*frame)->payload)) return fail(fmt::format("can't write the answer: {}", std::strerror(errno)));
  }
}

}  // namespace

int run_client(const std::string& socket_path, std::span<const std::string> args) {
  const auto connection = connect_unix(socket_path);
  if (!connection) return fail(no_daemon(socket_path, connection.error()));
  setsockopt(connection->get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  setsockopt(connection->get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
  static_cast<void>(send_all(*connection, encode_request(args)));  // a daemon that refuses may have closed: read why

  FrameReader reader;
  char buffer[65'536];
  while (true) {
    const ssize_t got = recv(connection->get(), buffer, sizeof(buffer), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return fail("penstockd doesn't answer (60 s of silence)");
    if (got <= 0) return fail("penstockd ended the connection before its answer was complete");
    reader.receive({buffer, static_cast<std::size_t>(got)});
    if (const auto exit_status = copy_frames(reader)) return *exit_status;
  }
}

}  // namespace penstock::control
