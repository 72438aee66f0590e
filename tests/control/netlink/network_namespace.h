// Network namespaces for tests: each test gets an empty one of its own that goes when the test ends, with `ip` commands to
// furnish it.
//
// unshare(2) moves the calling thread only, which is the test's. Needs root; the fixture skips with a clear message otherwise.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <utility>

#include "control/loop/event_loop.h"

namespace penstock::control::test {

// A namespace held by a descriptor.
class NetworkNamespace {
 public:
  // The one that the calling thread is in.
  static NetworkNamespace current() { return NetworkNamespace{open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)}; }
  // A new, empty one; the calling thread stays where it was.
  static NetworkNamespace create() {
    const NetworkNamespace home = current();
    EXPECT_EQ(unshare(CLONE_NEWNET), 0);
    NetworkNamespace created = current();
    home.enter();
    return created;
  }
  NetworkNamespace(NetworkNamespace&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  NetworkNamespace& operator=(NetworkNamespace&&) = delete;
  ~NetworkNamespace() {
    if (fd_ >= 0) close(fd_);
  }

  void enter() const { EXPECT_EQ(setns(fd_, CLONE_NEWNET), 0); }
  void run(const std::function<void()>& work) const {
    const NetworkNamespace home = current();
    enter();
    work();
    home.enter();
  }
  [[nodiscard]] int fd() const { return fd_; }
  // For `ip link set ... netns PATH`.
  [[nodiscard]] std::string path() const { return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(fd_); }

 private:
  explicit NetworkNamespace(int fd) : fd_{fd} { EXPECT_GE(fd, 0); }
  int fd_;
};

// Runs a shell command in the calling thread's namespace, and expects it to succeed.
inline void shell(const std::string& command) { EXPECT_EQ(std::system(command.c_str()), 0) << command; }

class NamespaceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "this test makes network namespaces, which needs root";
    ASSERT_EQ(unshare(CLONE_NEWNET), 0);
    shell("ip link set lo up");
  }
  void TearDown() override {
    if (!IsSkipped()) host_.enter();
  }

  // Serves the loop until `condition` holds; fails the test after ten seconds, far beyond anything that is waited for.
  void wait_until(const std::string& what, const std::function<bool()>& condition) {
    bool expired = false;
    Timer deadline = loop_.add_timer([&] { expired = true; });
    deadline.start_once(std::chrono::seconds{10});
    while (!condition() && !expired) loop_.run_once();
    EXPECT_TRUE(condition()) << "not within ten seconds: " << what;
  }

 private:
  NetworkNamespace host_ = NetworkNamespace::current();

 protected:
  EventLoop loop_;
};

}  // namespace penstock::control::test
