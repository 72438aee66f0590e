#include "control/daemon/daemonize.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace penstock::control {
namespace {

constexpr char kUp = 'u';

void point_at_null(int descriptor) {
  const int null = open("/dev/null", O_RDWR);
  if (null < 0) return;
  dup2(null, descriptor);
  if (null > STDERR_FILENO) close(null);
}

[[noreturn]] void wait_for(int descriptor) {
  char said = 0;
  const bool up = read(descriptor, &said, 1) == 1 && said == kUp;
  _exit(up ? 0 : 1);
}

}  // namespace

Readiness leave_terminal() {
  int line[2];
  if (pipe2(line, O_CLOEXEC) != 0) {
    std::perror("penstockd: pipe");
    std::exit(1);
  }
  const pid_t first = fork();
  if (first < 0) {
    std::perror("penstockd: fork");
    std::exit(1);
  }
  if (first > 0) {
    close(line[1]);
    wait_for(line[0]);
  }
  close(line[0]);
  setsid();
  if (fork() != 0) _exit(0);  // not a session's leader: it can't get a terminal again
  if (chdir("/") != 0) _exit(1);
  point_at_null(STDIN_FILENO);
  point_at_null(STDOUT_FILENO);
  return Readiness{line[1]};
}

void Readiness::announce() {
  if (descriptor_ < 0) return;
  point_at_null(STDERR_FILENO);
  // A starter that is gone needs no answer.
  [[maybe_unused]] const ssize_t written = write(descriptor_, &kUp, 1);
  close(descriptor_);
  descriptor_ = -1;
}

}  // namespace penstock::control
