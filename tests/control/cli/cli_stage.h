// The daemon's socket with clients: for tests.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "control/cli/server.h"
#include "tests/control/cli/fake_source.h"

namespace penstock::control::test {

// A program that has ended.
struct Ended {
  std::string out;
  std::string err;
  int exit_status = -1;
};

// The daemon's socket and the client program, for real: in a folder of their own, on one event loop.
class CliStage : public testing::Test {
 protected:
  CliStage() {
    std::string name = (std::filesystem::temp_directory_path() / "penstock-cli-XXXXXX").string();
    folder = mkdtemp(name.data());
    path = folder / "penstock.sock";
  }
  ~CliStage() override {
    server.reset();
    std::filesystem::remove_all(folder);
  }

  void open(CliServer::Timeouts timeouts = {}) {
    auto opened = CliServer::open(loop, path, source, timeouts);
    ASSERT_TRUE(opened) << opened.error();
    server = std::move(*opened);
  }

  // Serves events until the condition holds; fails after a bound that only a hang reaches.
  template <typename Condition>
  void serve_until(Condition condition) {
    bool late = false;
    Timer bound = loop.add_timer([&late] { late = true; });
    bound.start_once(std::chrono::seconds{60});
    while (!condition() && !late) loop.run_once();
    ASSERT_FALSE(late) << "waited in vain";
  }

  // A raw client, non-blocking, for what the real one never does.
  Descriptor connect() {
    auto connection = connect_unix(path);
    EXPECT_TRUE(connection) << strerror(connection.error());
    fcntl(connection->get(), F_SETFL, O_NONBLOCK);
    return std::move(*connection);
  }
  // All that comes until the server ends the connection.
  std::string read_to_end(const Descriptor& connection) {
    std::string bytes;
    bool ended = false;
    FdWatch watch = loop.add_fd(connection.get(), {.readable = true}, [&](FdEvents) {
      char buffer[4096];
      const ssize_t got = recv(connection.get(), buffer, sizeof(buffer), 0);
      if (got > 0) bytes.append(buffer, static_cast<std::size_t>(got));
      if (got == 0 || (got < 0 && errno != EAGAIN)) ended = true;
    });
    serve_until([&] { return ended; });
    return bytes;
  }

  // The program itself, with `--socket` set.
  Ended penstock(std::vector<std::string> args);
  // A program and its arguments.
  Ended run_to_end(std::vector<std::string> words);

  EventLoop loop;
  FakeSource source;
  std::filesystem::path folder;
  std::filesystem::path path;
  std::unique_ptr<CliServer> server;
};

}  // namespace penstock::control::test
