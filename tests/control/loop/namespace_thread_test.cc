#include "control/loop/namespace_thread.h"

#include <gtest/gtest.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace penstock::control {
namespace {

std::string own_namespace() { return std::filesystem::read_symlink("/proc/thread-self/ns/net"); }

class NamespaceThreads : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
    auto started = NamespaceThread::start();
    ASSERT_TRUE(started) << started.error();
    thread_ = std::move(*started);
  }
  std::unique_ptr<NamespaceThread> thread_;
};

TEST_F(NamespaceThreads, WorkIsDoneInANamespaceThatIsNotTheCallers) {
  const std::string home = own_namespace();
  std::string there;
  thread_->run([&] { there = own_namespace(); });
  EXPECT_NE(there, home);
  EXPECT_EQ(own_namespace(), home);
}

TEST_F(NamespaceThreads, ItStaysTheSameForAllCallersAndTheirWorkDoesNotOverlap) {
  constexpr int kCalls = 200;
  std::string first;
  thread_->run([&] { first = own_namespace(); });
  int calls = 0;  // unguarded on purpose
  int strays = 0;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 2; ++caller) {
    callers.emplace_back([&] {
      for (int i = 0; i < kCalls; ++i) {
        thread_->run([&] {
          ++calls;
          if (own_namespace() != first) ++strays;
        });
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(calls, 2 * kCalls);
  EXPECT_EQ(strays, 0);
}

TEST_F(NamespaceThreads, ASocketStaysThereWhoeverUsesIt) {
  int descriptor = -1;
  thread_->run([&] { descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0); });
  ASSERT_GE(descriptor, 0);
  // lo is down in a namespace that nobody has set up: there is no way to anywhere, not even to itself.
  sockaddr_storage any{.ss_family = AF_INET, .__ss_padding = {}, .__ss_align = 0};
  EXPECT_NE(connect(descriptor, reinterpret_cast<sockaddr*>(&any), sizeof(any)), 0);
  close(descriptor);
}

}  // namespace
}  // namespace penstock::control
