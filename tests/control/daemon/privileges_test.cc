#include "control/daemon/privileges.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <latch>
#include <string>
#include <thread>

namespace penstock::control {
namespace {

constexpr Capabilities kSome = capabilities_of({CAP_CHOWN, CAP_NET_ADMIN});

// The three sets of a thread's status file: "" where they are as they should be.
std::string wrong_sets(const std::filesystem::path& status, Capabilities wanted) {
  std::string wrong;
  std::ifstream file{status};
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("CapPrm:") && !line.starts_with("CapEff:") && !line.starts_with("CapBnd:")) continue;
    if (std::stoull(line.substr(line.find('\t')), nullptr, 16) != wanted) wrong += status.string() + " " + line + "\n";
  }
  return wrong;
}

// In a process of its own, which has nothing left afterwards: its exit status is 0 when it ran to its end and nothing was
// wrong.
[[noreturn]] void reduce_with_threads_before_and_after() {
  std::latch all_there{3};
  std::latch end{1};
  const auto live = [&] {
    all_there.count_down();
    end.wait();
  };
  std::thread before{live};
  const auto reduced = reduce_privileges(kSome);
  std::thread after{live};
  all_there.arrive_and_wait();
  std::string wrong;
  for (const auto& thread : std::filesystem::directory_iterator{"/proc/self/task"}) {
    wrong += wrong_sets(thread.path() / "status", kSome);
  }
  end.count_down();
  before.join();
  after.join();
  if (reduced.kept != kSome || !reduced.unreached.empty()) wrong += "kept " + names_of(reduced.kept) + "\n";
  std::fputs(wrong.c_str(), stderr);
  std::_Exit(wrong.empty() ? 0 : 1);
}

[[noreturn]] void reduce_with_a_deaf_thread() {
  std::latch is_deaf{1};
  std::latch end{1};
  std::thread deaf{[&] {
    prctl(PR_SET_NAME, "deaf");
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
    is_deaf.count_down();
    end.wait();
  }};
  is_deaf.wait();
  const auto reduced = reduce_privileges(kSome);
  end.count_down();
  deaf.join();
  std::_Exit(reduced.unreached == std::vector<std::string>{"deaf"} ? 0 : 1);
}

[[noreturn]] void reduce_and_execute() {
  static_cast<void>(reduce_privileges(kSome));
  execl("/bin/sh", "sh", "-c", "grep -q 'CapEff:.0000000000001001$' /proc/self/status", nullptr);
  std::_Exit(127);
}

class Privileges : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
#if defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "ThreadSanitizer has a thread of its own that blocks all signals";
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
    GTEST_SKIP() << "ThreadSanitizer has a thread of its own that blocks all signals";
#endif
#endif
  }
};

TEST_F(Privileges, AreReducedInThreadsThatRunAndInThoseThatBeginLater) {
  EXPECT_EXIT(reduce_with_threads_before_and_after(), testing::ExitedWithCode(0), "");
}

TEST_F(Privileges, AThreadThatCannotBeReachedIsNamed) {
  EXPECT_EXIT(reduce_with_a_deaf_thread(), testing::ExitedWithCode(0), "");
}

TEST_F(Privileges, AProgramThatRunsAsRootGetsNoMoreThanWeHave) {
  EXPECT_EXIT(reduce_and_execute(), testing::ExitedWithCode(0), "");
}

TEST(CapabilityNames, AreThoseOfTheManualInAnyCase) {
  EXPECT_EQ(capability_named("CAP_SYS_ADMIN"), capabilities_of({CAP_SYS_ADMIN}));
  EXPECT_EQ(capability_named("sys_admin"), capabilities_of({CAP_SYS_ADMIN}));
  EXPECT_EQ(capability_named("sysadmin"), std::nullopt);
  EXPECT_EQ(capability_named(""), std::nullopt);
  EXPECT_EQ(names_of(kSome), "CAP_CHOWN CAP_NET_ADMIN");
  EXPECT_EQ(names_of(0), "none");
}

}  // namespace
}  // namespace penstock::control
