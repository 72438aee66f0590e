#include "control/cli/server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "control/cli/commands.h"
#include "control/cli/protocol.h"

namespace penstock::control {
namespace {

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

// The number of the file at `path`; 0: none.
ino_t file_number(const std::string& path) {
  struct stat info{};
  return stat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

// Tells a client that there is no room. One small write into an empty buffer: it is taken whole or the client is gone.
void turn_away(const Descriptor& socket) {
  std::string frames;
  append_frames(frames, FrameType::kStderr, "too many clients at once: try again\n");
  append_exit_frame(frames, 1);
  static_cast<void>(send(socket.get(), frames.data(), frames.size(), MSG_NOSIGNAL));
}

}  // namespace

std::expected<std::unique_ptr<CliServer>, std::string> CliServer::open(EventLoop& loop, std::string path, StatusSource& source,
                                                                       Timeouts timeouts) {
  auto listener = listen_unix(path);
  if (!listener) return std::unexpected(std::move(listener.error()));
  return std::unique_ptr<CliServer>{new CliServer{loop, std::move(path), source, timeouts, std::move(*listener)}};
}

CliServer::CliServer(EventLoop& loop, std::string path, StatusSource& source, Timeouts timeouts, Descriptor listener)
    : loop_{loop},
      path_{std::move(path)},
      source_{source},
      timeouts_{timeouts},
      listener_{std::move(listener)},
      listener_watch_{loop.add_fd(listener_.get(), {.readable = true}, [this](FdEvents) { accept_clients(); })},
      accept_again_{loop.add_timer([this] { listener_watch_.set_events({.readable = true}); })},
      socket_file_{file_number(path_)},
      printer_{loop} {}

CliServer::~CliServer() {
  if (socket_file_ != 0 && file_number(path_) == socket_file_) unlink(path_.c_str());
}

void CliServer::accept_clients() {
  constexpr int kMaxPerTurn = 16;
  for (int i = 0; i < kMaxPerTurn; ++i) {
    Descriptor socket{accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (!socket) {
      // None waits; or none can be had now: then it is left waiting for a moment, as it would call at each turn of the loop.
      if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
        listener_watch_.set_events({});
        accept_again_.start_once(kAcceptPause);
      }
      return;
    }
    if (clients_.size() >= kMaxClients) {
      turn_away(socket);
    } else {
      add_client(std::move(socket));
    }
  }
}

void CliServer::add_client(Descriptor socket) {
  const auto client = clients_.emplace(clients_.end());
  client->socket = std::move(socket);
  auto watch =
      loop_.try_add_fd(client->socket.get(), {.readable = true}, [this, client](FdEvents seen) { on_events(client, seen); });
  if (!watch) return drop(client);
  client->watch = std::move(*watch);
  client->deadline = loop_.add_timer([this, client] { drop(client); });
  client->deadline.start_once(timeouts_.request);
  client->session = std::make_unique<Session>([this](std::span<const std::string> args) { return answer(args); },
                                              [this, client] { write_to(client); });
}

Answer CliServer::answer(std::span<const std::string> args) {
  Answer answer = answer_command(args, source_);
  if (answer.print) answer.rest = printer_.print(std::exchange(answer.print, nullptr));
  return answer;
}

void CliServer::on_events(ClientIterator client, FdEvents seen) {
  if (seen.error) return drop(client);
  if (client->session->wants_request()) {
    read_from(client);
  } else if (seen.writable) {
    write_to(client);
  }
}

void CliServer::read_from(ClientIterator client) {
  char buffer[4096];
  const ssize_t got = recv(client->socket.get(), buffer, sizeof(buffer), 0);
  if (got < 0) {
    if (!would_block(errno)) drop(client);
    return;
  }
  Session& session = *client->session;
  if (got == 0) {
    session.receive_end();
  } else {
    session.receive({buffer, static_cast<std::size_t>(got)});
  }
  if (session.wants_request()) return;
  client->deadline.start_once(timeouts_.progress);
  write_to(client);
}

void CliServer::write_to(ClientIterator client) {
  Session& session = *client->session;
  std::size_t written = 0;
  bool full = false;
  while (!full && !session.output().empty() && written < kMaxBytesPerTurn) {
    const std::string_view output = session.output().substr(0, kMaxBytesPerTurn - written);
    const ssize_t sent = send(client->socket.get(), output.data(), output.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && !would_block(errno)) return drop(client);
    full = sent < 0;
    if (full) break;
    written += static_cast<std::size_t>(sent);
    session.sent(static_cast<std::size_t>(sent));
  }
  if (session.finished()) return drop(client);
  if (written != 0) client->deadline.start_once(timeouts_.progress);
  client->watch.set_events({.writable = !session.output().empty()});
}

}  // namespace penstock::control
