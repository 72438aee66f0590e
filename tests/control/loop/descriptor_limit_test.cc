#include "control/loop/descriptor_limit.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "control/loop/child_process.h"
#include "tests/support/script_folder.h"
#include "tests/support/waiting.h"

namespace penstock::control {
namespace {

rlimit in_force() {
  rlimit limit{};
  EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  return limit;
}

// A shell's limit, until the end of the test.
class LowLimit {
 public:
  LowLimit() {
    const rlimit low{.rlim_cur = 512, .rlim_max = before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  }
  ~LowLimit() { EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before_), 0); }
  LowLimit(const LowLimit&) = delete;
  LowLimit& operator=(const LowLimit&) = delete;

 private:
  rlimit before_ = in_force();
};

TEST(DescriptorLimit, IsRaisedForUsAndStaysLowForOurChildren) {
  const rlimit before = in_force();
  {
    const LowLimit low;
    const std::uint64_t raised = raise_descriptor_limit();
    EXPECT_EQ(raised, in_force().rlim_cur);
    EXPECT_GE(raised, before.rlim_max) << "root without CAP_SYS_RESOURCE can't have more than that";
    EXPECT_EQ(raise_descriptor_limit(), raised) << "a second raise changes nothing";
    ASSERT_TRUE(descriptor_limit_for_children());
    EXPECT_EQ(descriptor_limit_for_children()->rlim_cur, 512U);

    test::ScriptFolder folder;
    EventLoop loop;
    ChildProcesses processes{loop};
    std::optional<ExitStatus> status;
    const auto child = processes.start(
        {.words = {folder.script("limits", "(ulimit -Sn; ulimit -Hn) > $D/out")}, .ids = {geteuid(), getegid()}},
        [&](ExitStatus seen) { status = seen; });
    ASSERT_TRUE(child) << child.error();
    test::wait_until(loop, "the script's end", [&] { return status.has_value(); });
    EXPECT_EQ(folder.read("out"), "512\n" + std::to_string(before.rlim_max) + "\n");
  }
  EXPECT_EQ(in_force().rlim_cur, before.rlim_cur);
}

TEST(DescriptorLimit, EnoughForAllChecksThatADirectorCanHave) {
  EXPECT_EQ(descriptors_for(0), 100U);
  EXPECT_EQ(descriptors_for(10'000), 15'100U);
  EXPECT_LT(descriptors_for(65'535), kEnoughDescriptors);
}

}  // namespace
}  // namespace penstock::control
