// The daemon's side of the CLI: a Unix socket on the control thread's event loop.
//
// No client can harm the loop: descriptors don't block, requests and buffers are bounded (session.h), at most kMaxClients are
// served, each turn of the loop writes at most kMaxBytesPerTurn to one of them, and one that makes no progress is dropped.
#pragma once

#include <sys/types.h>
#include <expected>
#include <list>
#include <memory>
#include <string>

#include "control/cli/printer.h"
#include "control/cli/session.h"
#include "control/cli/status_source.h"
#include "control/cli/unix_socket.h"
#include "control/loop/event_loop.h"

namespace penstock::control {

class CliServer {
 public:
  static constexpr std::size_t kMaxClients = 32;
  static constexpr std::size_t kMaxBytesPerTurn = 262'144;
  static constexpr std::chrono::seconds kAcceptPause{1};  // while there are no descriptors
  struct Timeouts {
    std::chrono::milliseconds request{10'000};   // from connecting to the request's end
    std::chrono::milliseconds progress{30'000};  // without a byte sent while answering
  };

  // Listens at `path` (control/cli/unix_socket.h says how). The error is a sentence for the log. `loop` and `source` must
  // outlive the server.
  [[nodiscard]] static std::expected<std::unique_ptr<CliServer>, std::string> open(EventLoop& loop, std::string path,
                                                                                   StatusSource& source, Timeouts timeouts);
  [[nodiscard]] static std::expected<std::unique_ptr<CliServer>, std::string> open(EventLoop& loop, std::string path,
                                                                                   StatusSource& source) {
    return open(loop, std::move(path), source, Timeouts{});
  }
  // Drops the clients and removes the socket's file, unless another one has taken its place.
  ~CliServer();
  CliServer(const CliServer&) = delete;
  CliServer& operator=(const CliServer&) = delete;

  [[nodiscard]] std::size_t clients() const { return clients_.size(); }

 private:
  // Member order: the session's answer ends first, the watch before the descriptor.
  struct Client {
    Descriptor socket;
    FdWatch watch;
    Timer deadline;
    std::unique_ptr<Session> session;
  };
  using ClientIterator = std::list<Client>::iterator;

  CliServer(EventLoop& loop, std::string path, StatusSource& source, Timeouts timeouts, Descriptor listener);
  void accept_clients();
  void add_client(Descriptor socket);
  [[nodiscard]] Answer answer(std::span<const std::string> args);
  void on_events(ClientIterator client, FdEvents seen);
  void read_from(ClientIterator client);
  // Both end the client when it is done or gone: `client` is not to be used after them.
  void write_to(ClientIterator client);
  void drop(ClientIterator client) { clients_.erase(client); }

  EventLoop& loop_;
  std::string path_;
  StatusSource& source_;
  Timeouts timeouts_;
  Descriptor listener_;
  FdWatch listener_watch_;
  Timer accept_again_;
  ino_t socket_file_ = 0;
  Printer printer_;
  std::list<Client> clients_;  // last: their answers end before the printer does
};

}  // namespace penstock::control
