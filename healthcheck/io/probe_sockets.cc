#include "healthcheck/io/probe_sockets.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

namespace penstock::healthcheck {
namespace {

// Whether there may be more to read later.
bool read_away(const Socket& socket) {
  constexpr int kReadsAtOnce = 16;  // a server that never stops talking doesn't keep the loop
  std::array<std::byte, 4096> scrap;
  for (int i = 0; i < kReadsAtOnce; ++i) {
    const ssize_t length = recv(socket.fd(), scrap.data(), scrap.size(), 0);
    if (length == 0) return false;
    if (length < 0) return errno == EAGAIN || errno == EINTR;
  }
  return true;
}

}  // namespace

std::expected<Socket, ProbeResult> ProbeSockets::open_stream(const Connection& connection) const {
  if (!connection.via_vip) return open_probe_socket(connection, SOCK_STREAM);
  if (door_ == nullptr) {
    return std::unexpected{ProbeResult{.failure = ProbeFailure::kLocal, .detail = "check_via: not to be had here"}};
  }
  return door_->open_socket(connection);
}

void ProbeSockets::close_orderly(Socket socket) {
  if (leaving_.size() >= kMostLeaving || shutdown(socket.fd(), SHUT_WR) != 0) return;
  const auto at = leaving_.insert(leaving_.end(), Leaving{.socket = std::move(socket)});
  at->timer = loop_.add_timer([this, at] { leaving_.erase(at); });
  at->timer.start_once(kPatience);
  auto watch = loop_.try_add_fd(at->socket.fd(), {.readable = true}, [this, at](control::FdEvents seen) {
    if (seen.error || !read_away(at->socket)) leaving_.erase(at);
  });
  if (watch) {
    at->watch = std::move(*watch);
  } else {
    leaving_.erase(at);  // no room for another descriptor: then it is closed at once
  }
}

}  // namespace penstock::healthcheck
