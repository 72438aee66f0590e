// A TCP server on loopback for tests: each connection runs a script of the test's on a thread of its own.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "dataplane/packet/ip_address.h"

namespace penstock::healthcheck::test {

// The server's end of a connection, for a script. Blocking, and bounded: the server's end shuts it down.
class Peer {
 public:
  explicit Peer(int fd) : fd_{fd} {}
  [[nodiscard]] int fd() const { return fd_; }
  // Up to the empty line that ends a request's headers; less when the client closes.
  std::string read_request();
  // What comes next; empty when the client has closed.
  std::string read_some();
  void send(std::string_view bytes);
  // Nothing more will be said, but the connection stays open.
  void close_write();
  // Breaks the connection off: RST.
  void reset();
  // Until the client closes (or the test ends); says whether it was an orderly end (FIN) and not a reset.
  bool wait_for_end();
  // The same for a client that says nothing, waiting for that long at most.
  bool is_left_within(std::chrono::milliseconds patience);
  // The client's address.
  [[nodiscard]] packet::Endpoint client() const;

 private:
  int fd_;
};

class ScriptedServer {
 public:
  using Script = std::function<void(Peer&)>;
  // Listens on a free port of the address. Throws std::system_error where that fails.
  explicit ScriptedServer(Script script, const char* address = "127.0.0.1");
  // Ends all connections.
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] const packet::Endpoint& endpoint() const { return endpoint_; }
  // How many connections were accepted so far.
  [[nodiscard]] int accepted() const;

 private:
  struct Connection {
    int fd;
    std::thread thread;
  };
  void serve();

  Script script_;
  int listener_;
  packet::Endpoint endpoint_;
  mutable std::mutex mutex_;
  std::list<Connection> connections_;
  int accepted_ = 0;
  bool ending_ = false;
  std::thread acceptor_;
};

}  // namespace penstock::healthcheck::test
