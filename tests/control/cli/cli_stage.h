// The daemon's socket with clients: for tests.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
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
  Ended penstock(std::vector<std::string> args) {
    args.insert(args.begin(), {PENSTOCK_PROGRAM, "--socket", path});
    return run_to_end(std::move(args));
  }
  // A program and its arguments.
  Ended run_to_end(std::vector<std::string> words) {
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    std::array<int, 2> out_pipe{};
    std::array<int, 2> err_pipe{};
    EXPECT_EQ(pipe2(out_pipe.data(), O_CLOEXEC) + pipe2(err_pipe.data(), O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out_pipe[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err_pipe[1], STDERR_FILENO);
    pid_t child = 0;
    EXPECT_EQ(posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(out_pipe[1]);
    close(err_pipe[1]);

    Ended run;
    int open_pipes = 2;
    const auto collect = [&](int fd, std::string& text, FdWatch& watch) {
      watch = loop.add_fd(fd, {.readable = true}, [fd, &text, &watch, &open_pipes](FdEvents) {
        char buffer[65'536];
        const ssize_t got = read(fd, buffer, sizeof(buffer));
        if (got > 0) {
          text.append(buffer, static_cast<std::size_t>(got));
        } else if (got == 0 || errno != EAGAIN) {
          --open_pipes;
          watch.set_events({});
        }
      });
    };
    FdWatch out_watch;
    FdWatch err_watch;
    collect(out_pipe[0], run.out, out_watch);
    collect(err_pipe[0], run.err, err_watch);
    serve_until([&] { return open_pipes == 0; });
    out_watch.reset();
    err_watch.reset();
    close(out_pipe[0]);
    close(err_pipe[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFEXITED(status)) run.exit_status = WEXITSTATUS(status);
    return run;
  }

  EventLoop loop;
  FakeSource source;
  std::filesystem::path folder;
  std::filesystem::path path;
  std::unique_ptr<CliServer> server;
};

}  // namespace penstock::control::test
