#include "control/loop/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "control/loop/descriptor_limit.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
// clang's ThreadSanitizer takes clone() for a fork(), which is the end of a child in our memory. glibc's other name goes past
// it.
extern "C" int __clone(int (*run)(void*), void* stack, int flags, void* argument, ...) noexcept;
#define clone __clone
#endif
#endif

namespace penstock::control {
namespace {

// execvpe() keeps a path of PATH_MAX and copies of the arguments there.
constexpr std::size_t kChildStackBytes = std::size_t{128} * 1024;

// What the new process needs to know, and the error that it reports. In memory that both see until the program is executed.
struct Start {
  char* const* argv;
  UserIds ids;
  bool changes_user;
  std::optional<rlimit> descriptors;  // none: those that we have
  int null;                           // /dev/null, above 2
  int error;
};

// In the new process, which shares our memory while our thread waits: nothing but system calls here. setresuid() and its like
// go past glibc, which would try to change our other threads, too.
__attribute__((no_sanitize("address", "thread", "undefined"))) int run_child(void* argument) {
  Start& start = *static_cast<Start*>(argument);
  const auto fail = [&start] {
    start.error = errno;
    syscall(SYS_exit, 127);
  };
  // The handlers are our program's: before signals may come again, back to their defaults.
  for (int signum = 1; signum < NSIG; ++signum) {
    struct sigaction action{};
    if (sigaction(signum, nullptr, &action) != 0 || action.sa_handler == SIG_DFL) continue;
    action.sa_handler = SIG_DFL;
    action.sa_flags = 0;
    sigaction(signum, &action, nullptr);
  }
  if (syscall(SYS_setsid) < 0) fail();
  for (int fd = 0; fd <= 2; ++fd) {
    if (dup2(start.null, fd) < 0) fail();
  }
  // Ours close themselves; libraries' don't always. Not closed at once: a sanitizer may hold one of them.
  syscall(SYS_close_range, 3U, std::numeric_limits<unsigned>::max(), 1U << 2 /* CLOSE_RANGE_CLOEXEC */);
  // Not permitted: somebody has lowered ours meanwhile, which then holds for the child as well.
  if (start.descriptors && syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &*start.descriptors, nullptr) != 0 && errno != EPERM)
    fail();
  if (start.changes_user) {
    if (syscall(SYS_setgroups, 0UL, nullptr) != 0) fail();
    if (syscall(SYS_setresgid, start.ids.group, start.ids.group, start.ids.group) != 0) fail();
    if (syscall(SYS_setresuid, start.ids.user, start.ids.user, start.ids.user) != 0) fail();
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execvpe(start.argv[0], start.argv, environ);
  fail();
  return 127;
}

// A signal handler that ran in the new process before its handlers are reset would run on our memory.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

int open_null() {
  const int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (fd < 0 || fd > 2) return fd;
  const int above = fcntl(fd, F_DUPFD_CLOEXEC, 3);  // a daemon may have closed its standard ones
  const int error = errno;
  close(fd);
  errno = error;
  return above;
}

}  // namespace

namespace child_process_detail {

struct Child : std::enable_shared_from_this<Child> {
  Children* owner = nullptr;
  pid_t pid = 0;  // 0: reaped
  int pidfd = -1;
  bool was_killed = false;
  FdWatch watch;
  ChildProcesses::OnExit on_exit;

  ~Child() {
    watch.reset();
    if (pidfd >= 0) close(pidfd);
  }
  void kill_group(int signum) {
    if (pid == 0) return;
    was_killed = true;
    ::kill(-pid, signum);
  }
  // Takes the status of a process that has ended: none while it lives.
  std::optional<ExitStatus> reap();
  void on_readable();
};

// Those that nobody owns any more, until they are gone.
struct Children {
  explicit Children(EventLoop& event_loop) : loop{event_loop}, stack(kChildStackBytes) {}
  EventLoop& loop;
  int null = -1;
  std::vector<std::byte> stack;
  std::vector<std::shared_ptr<Child>> dying;
};

std::optional<ExitStatus> Child::reap() {
  pollfd ended{.fd = pidfd, .events = POLLIN, .revents = 0};
  if (pid == 0 || poll(&ended, 1, 0) != 1) return std::nullopt;
  // While the leader is a zombie its number can't be another group's.
  if (was_killed) ::kill(-pid, SIGKILL);
  siginfo_t info{};
  pid = 0;
  watch.reset();
  // Somebody else may have waited for it (SIGCHLD ignored): then nothing is known of its end.
  if (waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED) != 0) return ExitStatus{.code = 255};
  return info.si_code == CLD_EXITED ? ExitStatus{.code = info.si_status} : ExitStatus{.signal = info.si_status};
}

void Child::on_readable() {
  const auto self = shared_from_this();  // the callback may drop every other hold on it
  const auto status = reap();
  if (!status) return;
  if (on_exit) {
    std::exchange(on_exit, nullptr)(*status);
  } else {
    std::erase(owner->dying, self);
  }
}

}  // namespace child_process_detail

using child_process_detail::Child;
using child_process_detail::Children;

ChildProcess::ChildProcess(ChildProcess&&) noexcept = default;

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this != &other) {
    reset();
    child_ = std::exchange(other.child_, nullptr);
  }
  return *this;
}

void ChildProcess::kill(int signum) {
  if (child_) child_->kill_group(signum);
}

pid_t ChildProcess::pid() const { return child_ ? child_->pid : 0; }

void ChildProcess::reset() {
  const auto child = std::exchange(child_, nullptr);
  if (!child || child->pid == 0) return;
  child->on_exit = nullptr;
  child->kill_group(SIGKILL);
  child->owner->dying.push_back(child);
}

ChildProcesses::ChildProcesses(EventLoop& loop) : children_{std::make_shared<Children>(loop)} { children_->null = open_null(); }

ChildProcesses::~ChildProcesses() {
  const auto deadline = EventLoop::now() + std::chrono::seconds{1};
  for (const auto& child : children_->dying) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - EventLoop::now()).count();
    pollfd ended{.fd = child->pidfd, .events = POLLIN, .revents = 0};
    poll(&ended, 1, static_cast<int>(std::max<decltype(left)>(left, 0)));
    static_cast<void>(child->reap());
  }
  if (children_->null >= 0) close(children_->null);
}

std::size_t ChildProcesses::dying() const { return children_->dying.size(); }

std::expected<ChildProcess, std::error_code> ChildProcesses::start(const Command& command, OnExit on_exit) {
  const auto failed = [](int error) { return std::unexpected{std::error_code{error, std::generic_category()}}; };
  if (command.words.empty() || command.words[0].empty()) return failed(ENOENT);
  // Not to be had when there were no descriptors left at our beginning.
  if (children_->null < 0) children_->null = open_null();
  if (children_->null < 0) return failed(errno);
  std::vector<std::string> words = command.words;
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  // Root gives its supplementary groups away even where the user stays the same.
  const bool changes_user = geteuid() == 0 || command.ids != UserIds{geteuid(), getegid()};
  Start start{.argv = argv.data(),
              .ids = command.ids,
              .changes_user = changes_user,
              .descriptors = descriptor_limit_for_children(),
              .null = children_->null,
              .error = 0};

  auto child = std::make_shared<Child>();
  {
    const AllSignalsBlocked blocked;
    child->pid = clone(run_child, children_->stack.data() + children_->stack.size(),
                       CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &start, &child->pidfd);
    if (child->pid < 0) start.error = errno;
  }
  if (child->pid < 0) {
    child->pid = 0;
    child->pidfd = -1;
  }
  if (start.error != 0) {
    if (child->pid != 0) waitid(P_PIDFD, static_cast<id_t>(child->pidfd), nullptr, WEXITED);  // it is in the middle of its exit
    child->pid = 0;
    return failed(start.error);
  }
  child->owner = children_.get();
  child->on_exit = std::move(on_exit);
  auto watch =
      children_->loop.try_add_fd(child->pidfd, {.readable = true}, [raw = child.get()](FdEvents) { raw->on_readable(); });
  if (!watch) {
    child->kill_group(SIGKILL);
    waitid(P_PIDFD, static_cast<id_t>(child->pidfd), nullptr, WEXITED);
    child->pid = 0;
    return std::unexpected{watch.error()};
  }
  child->watch = std::move(*watch);
  return ChildProcess{std::move(child)};
}

}  // namespace penstock::control
