// What is said of a configuration's scripts before any of them runs.
#include "healthcheck/io/script_runner.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/script_folder.h"

namespace penstock::healthcheck {
namespace {

using Lines = std::vector<std::string>;

constexpr const char* kViolation = "SECURITY VIOLATION - scripts are being executed but script_security not enabled.";

class ScriptRunnerTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "what root may run is looked at";
  }
  Lines lines_about(const std::string& program, const std::string& user, bool refuse_insecure = false) {
    ScriptRunner runner{loop_, {.refuse_insecure = refuse_insecure}};
    return runner.look_at({{.command = {program}, .user = user}, {.command = {program}, .user = user}, {}});
  }

  control::EventLoop loop_;
  penstock::test::ScriptFolder folder_;
};

TEST_F(ScriptRunnerTest, SaysOnceThatScriptsRunWithoutScriptSecurity) {
  EXPECT_EQ(lines_about("/bin/true", "root"), Lines{kViolation});
  EXPECT_EQ(lines_about("/bin/true", "root", true), Lines{});
}

TEST_F(ScriptRunnerTest, NamesScriptsOfRootThatOthersCouldChange) {
  const std::string path = folder_.script("open", "exit 0");
  EXPECT_EQ(lines_about(path, "root"), (Lines{std::string{kViolation} + " There are insecure scripts.",
                                              "Unsafe permissions found for script '" + path + "'."}));
  EXPECT_EQ(lines_about(path, "root", true), (Lines{"Unsafe permissions found for script '" + path + "' - disabling."}));
  EXPECT_EQ(lines_about(path, "nobody", true), Lines{});
}

TEST_F(ScriptRunnerTest, NamesUsersThatAreNotThere) {
  EXPECT_EQ(lines_about("/bin/true", "nobody-at-all", true), Lines{"Script user 'nobody-at-all' does not exist"});
}

TEST_F(ScriptRunnerTest, SaysNothingWhereThereAreNoScripts) { EXPECT_EQ((ScriptRunner{loop_, {}}.look_at({})), Lines{}); }

}  // namespace
}  // namespace penstock::healthcheck
