#include "control/loop/child_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <optional>

#include "tests/support/script_folder.h"
#include "tests/support/waiting.h"

namespace penstock::control {
namespace {

using test::is_running;
using test::ScriptFolder;

class ChildProcessTest : public ::testing::Test {
 protected:
  // Runs a command to its end.
  ExitStatus run(std::vector<std::string> words, UserIds ids = {geteuid(), getegid()}) {
    std::optional<ExitStatus> status;
    auto child = processes_.start({.words = std::move(words), .ids = ids}, [&](ExitStatus seen) { status = seen; });
    EXPECT_TRUE(child) << child.error().message();
    if (!child) return {};
    wait_until("the command's end", [&] { return status.has_value(); });
    EXPECT_EQ(child->pid(), 0);
    return status.value_or(ExitStatus{});
  }
  std::string error_of(std::vector<std::string> words) {
    auto child =
        processes_.start({.words = std::move(words), .ids = {geteuid(), getegid()}}, [](ExitStatus) { ADD_FAILURE(); });
    return child ? "started" : child.error().message();
  }
  ChildProcess start(const std::string& script, ChildProcesses::OnExit on_exit = [](ExitStatus) {}) {
    auto child = processes_.start({.words = {script}, .ids = {geteuid(), getegid()}}, std::move(on_exit));
    EXPECT_TRUE(child) << child.error().message();
    return child ? std::move(*child) : ChildProcess{};
  }
  void wait_until(const std::string& what, const std::function<bool()>& condition) { test::wait_until(loop_, what, condition); }
  static bool has_no_children() { return waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD; }

  ScriptFolder folder_;
  EventLoop loop_;
  ChildProcesses processes_{loop_};
};

TEST_F(ChildProcessTest, TellsTheExitStatusOfACommand) {
  EXPECT_EQ(run({"/bin/true"}), (ExitStatus{.code = 0}));
  EXPECT_EQ(run({"sh", "-c", "exit 7"}), (ExitStatus{.code = 7}));
  EXPECT_EQ(run({"sh", "-c", "exit 255"}), (ExitStatus{.code = 255}));
  EXPECT_TRUE(has_no_children());
}

TEST_F(ChildProcessTest, TellsTheSignalThatEndedACommand) {
  EXPECT_EQ(run({"sh", "-c", "kill -USR1 $$"}), (ExitStatus{.signal = SIGUSR1}));
}

TEST_F(ChildProcessTest, TellsWhyACommandCouldNotBeExecuted) {
  EXPECT_EQ(error_of({folder_.path("nothing")}), "No such file or directory");
  EXPECT_EQ(error_of({"no-such-command-anywhere"}), "No such file or directory");
  EXPECT_EQ(error_of({folder_.script("plain", "exit 0", 0644)}), "Permission denied");
  EXPECT_EQ(error_of({"/tmp"}), "Permission denied");
  EXPECT_EQ(error_of({}), "No such file or directory");
  EXPECT_TRUE(has_no_children());
}

TEST_F(ChildProcessTest, SaysSoWhenDescriptorsHaveRunOut) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const int next_free = dup(0);
  ASSERT_EQ(close(next_free), 0);
  const rlimit none_left{.rlim_cur = static_cast<rlim_t>(next_free), .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none_left), 0);
  const std::string error = error_of({"/bin/true"});
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(error, "Too many open files");
  EXPECT_EQ(run({"/bin/true"}), ExitStatus{});
}

TEST_F(ChildProcessTest, HandsOnArgumentsAsTheyAre) {
  EXPECT_EQ(run({folder_.script("echo", "printf '<%s>' \"$@\" > $D/out"), "a b", "", "$HOME;*"}), ExitStatus{});
  EXPECT_EQ(folder_.read("out"), "<a b><><$HOME;*>");
}

TEST_F(ChildProcessTest, HandsOnNoDescriptorEvenOfThoseThatStayOpenOnExec) {
  const int leaked = open("/dev/zero", O_RDONLY);
  ASSERT_GE(leaked, 0);
  EXPECT_EQ(run({folder_.script("fds", "ls -l /proc/$$/fd > $D/out")}), ExitStatus{});
  close(leaked);
  const std::string listing = folder_.read("out");
  EXPECT_EQ(listing.find("/dev/zero"), std::string::npos) << listing;
  EXPECT_EQ(listing.find("eventpoll"), std::string::npos) << listing;
  EXPECT_NE(listing.find("0 -> /dev/null"), std::string::npos) << listing;
  EXPECT_NE(listing.find("2 -> /dev/null"), std::string::npos) << listing;
}

TEST_F(ChildProcessTest, StartsCommandsWithAllSignalsUnblockedAndAtTheirDefaults) {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &blocked, &before), 0);
  const auto old = std::signal(SIGPIPE, SIG_IGN);
  EXPECT_EQ(run({folder_.script("signals", "grep -E 'Sig(Blk|Ign)' /proc/$$/status | tr -d '[:blank:]' > $D/out")}),
            ExitStatus{});
  std::signal(SIGPIPE, old);
  ASSERT_EQ(pthread_sigmask(SIG_SETMASK, &before, nullptr), 0);
  EXPECT_EQ(folder_.read("out"), "SigBlk:0000000000000000\nSigIgn:0000000000000000\n");
}

TEST_F(ChildProcessTest, RunsACommandAsAnotherUserWithoutItsOrOurGroups) {
  if (geteuid() != 0) GTEST_SKIP() << "only root may run commands as others";
  const passwd* nobody = getpwnam("nobody");
  ASSERT_NE(nobody, nullptr);
  EXPECT_EQ(run({folder_.script("whoami", "echo $(id -un) $(id -G) > $D/out")}, {nobody->pw_uid, nobody->pw_gid}),
            ExitStatus{});
  EXPECT_EQ(folder_.read("out"), "nobody " + std::to_string(nobody->pw_gid) + "\n");
}

TEST_F(ChildProcessTest, ASignalReachesTheWholeGroup) {
  std::optional<ExitStatus> status;
  auto child = start(folder_.script("parent", "sleep 100 & echo $! > $D/child; wait"), [&](ExitStatus seen) { status = seen; });
  wait_until("the grandchild", [&] { return folder_.has_line("child"); });
  const pid_t grandchild = std::stoi(folder_.read("child"));
  child.kill(SIGTERM);
  wait_until("the command's end", [&] { return status.has_value(); });
  EXPECT_EQ(*status, (ExitStatus{.signal = SIGTERM}));
  wait_until("the grandchild's end", [&] { return !is_running(grandchild); });
}

TEST_F(ChildProcessTest, GrandchildrenThatIgnoreTheSignalEndWithTheirLeader) {
  bool ended = false;
  auto child =
      start(folder_.script("parent", "(trap '' TERM; echo $(sh -c 'echo $PPID') > $D/child; while :; do sleep 1; done) & wait"),
            [&](ExitStatus) { ended = true; });
  wait_until("the grandchild", [&] { return folder_.has_line("child"); });
  const pid_t grandchild = std::stoi(folder_.read("child"));
  child.kill(SIGTERM);
  wait_until("the command's end", [&] { return ended; });
  wait_until("the grandchild's end", [&] { return !is_running(grandchild); });
}

TEST_F(ChildProcessTest, AProcessThatACommandLeavesBehindLivesOn) {
  EXPECT_EQ(run({folder_.script("leaves", "sleep 100 & echo $! > $D/child")}), ExitStatus{});
  const pid_t left = std::stoi(folder_.read("child"));
  EXPECT_TRUE(is_running(left));
  kill(left, SIGKILL);
}

TEST_F(ChildProcessTest, ADestroyedOneIsKilledWithItsGroupAndLeavesNoZombie) {
  pid_t leader = 0;
  {
    auto child = start(folder_.script("parent", "trap '' TERM; sleep 100 & echo $! > $D/child; while :; do wait; done"),
                       [](ExitStatus) { ADD_FAILURE() << "nobody asked"; });
    leader = child.pid();
    wait_until("the grandchild", [&] { return folder_.has_line("child"); });
  }
  const pid_t grandchild = std::stoi(folder_.read("child"));
  EXPECT_EQ(processes_.dying(), 1U);
  wait_until("the burial", [&] { return processes_.dying() == 0; });
  EXPECT_FALSE(is_running(leader));
  EXPECT_TRUE(has_no_children());
  wait_until("the grandchild's end", [&] { return !is_running(grandchild); });
}

TEST_F(ChildProcessTest, TheOwnerMayDestroyItFromTheCallback) {
  bool ended = false;
  std::optional<ChildProcess> child;
  child = start(folder_.script("ends", "exit 0"), [&](ExitStatus) {
    child.reset();
    ended = true;
  });
  wait_until("the end", [&] { return ended; });
  EXPECT_TRUE(has_no_children());
}

TEST(ChildProcesses, WaitsForKilledOnesWhenItEnds) {
  EventLoop loop;
  {
    ChildProcesses processes{loop};
    auto child = processes.start({.words = {"sleep", "100"}, .ids = {geteuid(), getegid()}}, [](ExitStatus) {});
    ASSERT_TRUE(child);
  }
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
}

}  // namespace
}  // namespace penstock::control
