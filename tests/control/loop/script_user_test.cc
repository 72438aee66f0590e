#include "control/loop/script_user.h"

#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/script_folder.h"

namespace penstock::control {
namespace {

using test::ScriptFolder;

TEST(ScriptUser, ResolvesNamesAndTheUsersOwnGroup) {
  EXPECT_EQ(resolve_script_user("root", ""), (UserIds{0, 0}));
  const passwd* nobody = getpwnam("nobody");
  ASSERT_NE(nobody, nullptr);
  EXPECT_EQ(resolve_script_user("nobody", ""), (UserIds{nobody->pw_uid, nobody->pw_gid}));
  EXPECT_EQ(resolve_script_user("nobody", "root"), (UserIds{nobody->pw_uid, 0}));
}

TEST(ScriptUser, SaysWhichNameDoesNotExist) {
  EXPECT_EQ(resolve_script_user("no-such-user", "").error(), "Script user 'no-such-user' does not exist");
  EXPECT_EQ(resolve_script_user("root", "no-such-group").error(), "Script group 'no-such-group' does not exist");
}

TEST(ScriptUser, TheDefaultIsKeepalivedScriptOrElseRoot) {
  const passwd* special = getpwnam("keepalived_script");
  const UserIds expected = special != nullptr ? UserIds{special->pw_uid, special->pw_gid} : UserIds{};
  EXPECT_EQ(resolve_script_user("", ""), expected);
}

TEST(ScriptSafety, AProgramOfRootsInFoldersOfRootsIsSafe) {
  EXPECT_EQ(check_script("/bin/sh", {}), ScriptSafety::kSafe);
  EXPECT_EQ(check_script("sh", {}), ScriptSafety::kSafe);
}

TEST(ScriptSafety, WhatOthersCouldChangeIsInsecureForRootOnly) {
  if (geteuid() != 0) GTEST_SKIP() << "makes files of root's";
  const ScriptFolder folder;  // anybody may write there
  const std::string script = folder.script("check", "exit 0");
  EXPECT_EQ(check_script(script, {0, 0}), ScriptSafety::kInsecure);
  EXPECT_EQ(check_script(script, {65534, 65534}), ScriptSafety::kSafe);

  ASSERT_EQ(chmod(folder.path("").c_str(), 0755), 0);  // /tmp itself is sticky, which is enough
  EXPECT_EQ(check_script(script, {0, 0}), ScriptSafety::kSafe);
  ASSERT_EQ(chmod(script.c_str(), 0757), 0);
  EXPECT_EQ(check_script(script, {0, 0}), ScriptSafety::kInsecure);
  ASSERT_EQ(chmod(script.c_str(), 0755), 0);
  ASSERT_EQ(chown(script.c_str(), 65534, 65534), 0);
  EXPECT_EQ(check_script(script, {0, 0}), ScriptSafety::kInsecure);
}

TEST(ScriptSafety, ALinkIsAsSafeAsWhereItLeads) {
  if (geteuid() != 0) GTEST_SKIP() << "makes files of root's";
  const ScriptFolder open_folder;
  const ScriptFolder folder;
  ASSERT_EQ(chmod(folder.path("").c_str(), 0755), 0);
  ASSERT_EQ(symlink(open_folder.script("check", "exit 0").c_str(), folder.path("link").c_str()), 0);
  EXPECT_EQ(check_script(folder.path("link"), {0, 0}), ScriptSafety::kInsecure);
}

TEST(ScriptSafety, TellsMissingFromNotExecutable) {
  const ScriptFolder folder;
  EXPECT_EQ(check_script(folder.path("nothing"), {}), ScriptSafety::kNotFound);
  EXPECT_EQ(check_script("no-such-command-anywhere", {}), ScriptSafety::kNotFound);
  EXPECT_EQ(check_script(folder.script("plain", "", 0644), {}), ScriptSafety::kNotExecutable);
  EXPECT_EQ(check_script("/tmp", {}), ScriptSafety::kNotExecutable);
}

TEST(ScriptSafety, TheWarningHasKeepalivedsWords) {
  EXPECT_EQ(script_security_violation(true),
            "SECURITY VIOLATION - scripts are being executed but script_security not enabled. There are insecure scripts.");
}

}  // namespace
}  // namespace penstock::control
