#include "tests/control/cli/cli_stage.h"

#include <spawn.h>
#include <sys/wait.h>

#include <array>

namespace penstock::control::test {

Ended CliStage::penstock(std::vector<std::string> args) {
  args.insert(args.begin(), {PENSTOCK_PROGRAM, "--socket", path});
  return run_to_end(std::move(args));
}

Ended CliStage::run_to_end(std::vector<std::string> words) {
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

}  // namespace penstock::control::test
