// Commands that run beside the loop: each in a session and process group of its own, as a user of its own, with nothing of ours
// but its arguments and environment, and a callback when it has ended.
//
// Why not libuv's uv_spawn: libuv 1.44 forks, which copies the page tables of a process that holds the data plane's memory (65
// ms for 1 GiB in pages of 4 KiB as measured, during which the loop stands still), needs the process-wide SIGCHLD, and gives no
// hold on a process but its number. Here it is clone(CLONE_VM | CLONE_VFORK | CLONE_PIDFD): nothing is copied, the loop's
// thread waits only until the program is executed (0.1 to 0.6 ms as measured, with 1 GiB, too), the error of the start comes
// back by the shared memory, and the end is an event of the pidfd. posix_spawn does the same but can't change the user.
//
// Limits: Linux 5.11 (pidfd, close_range). A program on a file system that hangs holds the loop up until it is executed.
//
// Threads: all belong to the loop's.
#pragma once

#include <sys/types.h>

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "control/loop/event_loop.h"

namespace penstock::control {

// Whom a process runs as. It gets no supplementary groups.
struct UserIds {
  uid_t user = 0;
  gid_t group = 0;
  friend bool operator==(const UserIds&, const UserIds&) = default;
};

struct Command {
  std::vector<std::string> words{};  // the program (searched in PATH if it has no '/') and its arguments
  UserIds ids{};                     // other than our own only where we are root
};

// How a process ended.
struct ExitStatus {
  int code = 0;    // exit status, 0..255; of no meaning where a signal ended it
  int signal = 0;  // 0: ended by itself
  friend bool operator==(const ExitStatus&, const ExitStatus&) = default;
};

namespace child_process_detail {
struct Child;
struct Children;
}  // namespace child_process_detail

// A process that was started. Destroying it before its end kills its group with SIGKILL and no callback comes; ChildProcesses
// sees to it that no zombie stays, without waiting here. After its end it does nothing: processes that it left behind live on.
class [[nodiscard]] ChildProcess {
 public:
  ChildProcess() = default;
  ~ChildProcess() { reset(); }
  ChildProcess(ChildProcess&&) noexcept;
  ChildProcess& operator=(ChildProcess&&) noexcept;

  // Sends a signal to each process of the group. Once that was done, whatever is left of the group when its leader ends is
  // killed with SIGKILL. Nothing happens when the leader has ended.
  void kill(int signum);
  // Also the number of its process group and session. 0: none, or ended.
  [[nodiscard]] pid_t pid() const;
  void reset();

 private:
  friend class ChildProcesses;
  explicit ChildProcess(std::shared_ptr<child_process_detail::Child> child) : child_{std::move(child)} {}
  std::shared_ptr<child_process_detail::Child> child_;
};

// Starts processes and buries those whose owners have gone. Destroyed after all that it started, and before the loop; it then
// waits for killed processes to be gone, at most a second in all.
class ChildProcesses {
 public:
  using OnExit = std::move_only_function<void(ExitStatus)>;

  explicit ChildProcesses(EventLoop& loop);
  ~ChildProcesses();
  ChildProcesses(const ChildProcesses&) = delete;
  ChildProcesses& operator=(const ChildProcesses&) = delete;

  // Runs a command with /dev/null as its standard input, output and error, all other descriptors closed, all signals unblocked
  // and at their defaults, with the descriptor limit that our own process was started with. `on_exit` comes once, from the
  // loop, and may destroy the ChildProcess. The error is the system's reason for which it could not be executed: ENOENT,
  // EACCES, ..., EMFILE, EAGAIN (too many processes).
  [[nodiscard]] std::expected<ChildProcess, std::error_code> start(const Command& command, OnExit on_exit);

  // Killed, but not gone yet.
  [[nodiscard]] std::size_t dying() const;

 private:
  std::shared_ptr<child_process_detail::Children> children_;
};

}  // namespace penstock::control
