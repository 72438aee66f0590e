#include "healthcheck/io/misc_probe.h"

#include <pwd.h>
#include <sys/wait.h>

#include <csignal>

#include "tests/healthcheck/io/probe_test.h"
#include "tests/support/script_folder.h"

namespace penstock::healthcheck {
namespace {

using namespace test;
using penstock::test::is_running;
using penstock::test::ScriptFolder;

class MiscProbe : public ProbeTest {
 protected:
  static CheckSpec check(std::vector<std::string> command, Duration timeout = 5s, bool dynamic = false) {
    const Script script{.command = std::move(command), .user = geteuid() == 0 ? "root" : ""};
    return check_of({.address = address("127.0.0.1"), .port = 80},
                    MiscCheck{.script = script, .timeout = timeout, .dynamic = dynamic});
  }
  ProbeResult probe(const CheckSpec& spec) {
    return run([&](ProbeDone done) { return start_misc_probe(loop_, slots_, spec, std::move(done)); });
  }
  ProbeResult probe_exit(int status, bool dynamic = false) {
    return probe(check({"sh", "-c", "exit " + std::to_string(status)}, 5s, dynamic));
  }
  static bool has_no_children() { return waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD; }

  ScriptFolder folder_;
  ScriptRunner runner_{loop_, {}};
  ScriptSlots slots_{runner_, 2};
};

TEST_F(MiscProbe, OnlyStatusZeroIsUpUnlessDynamic) {
  EXPECT_TRUE(probe_exit(0).is_success());
  for (const int status : {1, 2, 5, 255}) {
    const auto result = probe_exit(status);
    EXPECT_EQ(result.failure, ProbeFailure::kScriptExit);
    EXPECT_EQ(result.detail, "exited with status " + std::to_string(status));
    EXPECT_EQ(result.weight, std::nullopt);
  }
}

TEST_F(MiscProbe, ADynamicStatusFromTwoOnIsTheWeightPlusTwo) {
  EXPECT_EQ(probe_exit(5, true).weight, 3);
  EXPECT_EQ(probe_exit(2, true).weight, 0);
  EXPECT_EQ(probe_exit(255, true).weight, 253);
  EXPECT_EQ(probe_exit(0, true).weight, std::nullopt);
  EXPECT_TRUE(probe_exit(0, true).is_success());
  EXPECT_EQ(probe_exit(1, true).failure, ProbeFailure::kScriptExit);
}

TEST_F(MiscProbe, ATimeoutEndsTheScriptAndItsChildren) {
  const auto spec = check({folder_.script("hangs", "sleep 100 & echo $! > $D/child; wait")}, 100ms);
  const auto result = probe(spec);
  EXPECT_EQ(result.failure, ProbeFailure::kScriptTimeout);
  EXPECT_EQ(result.detail, "not done after 100 ms");
  const pid_t child = std::stoi(folder_.read("child"));
  wait_until("the end of the script's child", [&] { return !is_running(child); });
  EXPECT_TRUE(has_no_children());
}

TEST_F(MiscProbe, ASuccessInTheLastMomentsAfterTheTimeoutIsNone) {
  EXPECT_EQ(probe(check({folder_.script("late", "trap 'exit 0' TERM; sleep 100 & wait")}, 100ms)).failure,
            ProbeFailure::kScriptTimeout);
}

TEST_F(MiscProbe, AScriptThatIgnoresItsTimeoutIsKilledSoonAfter) {
  const auto result =
      probe(check({folder_.script("deaf", "trap '' TERM; echo $$ > $D/pid; while :; do sleep 0.05; done")}, 100ms));
  EXPECT_EQ(result.failure, ProbeFailure::kScriptTimeout);
  EXPECT_GE(result.latency, 2s);
  wait_until("its burial", [&] { return runner_.processes().dying() == 0; });
  EXPECT_TRUE(has_no_children());
}

TEST_F(MiscProbe, SaysWhyAScriptCouldNotBeRun) {
  const auto reason = [&](std::vector<std::string> command) {
    const auto result = probe(check(std::move(command)));
    EXPECT_EQ(result.failure, ProbeFailure::kScriptNotRun);
    return result.detail;
  };
  EXPECT_EQ(reason({folder_.path("nothing")}), "No such file or directory");
  EXPECT_EQ(reason({folder_.script("plain", "exit 0", 0644)}), "Permission denied");
  auto unknown = check({"/bin/true"});
  std::get<MiscCheck>(unknown.kind).script.user = "no-such-user";
  EXPECT_EQ(probe(unknown).detail, "Script user 'no-such-user' does not exist");
  EXPECT_EQ(slots_.in_use(), 0U);
}

TEST_F(MiscProbe, ADeathByASignalIsDown) {
  const auto result = probe(check({"sh", "-c", "kill -SEGV $$"}));
  EXPECT_EQ(result.failure, ProbeFailure::kScriptSignal);
  EXPECT_EQ(result.detail, "ended by signal 11");
}

TEST_F(MiscProbe, RunsAsTheUserOfTheCheck) {
  if (geteuid() != 0) GTEST_SKIP() << "only root may run commands as others";
  auto spec = check({folder_.script("whoami", "id -un > $D/out")});
  std::get<MiscCheck>(spec.kind).script.user = "nobody";
  EXPECT_TRUE(probe(spec).is_success());
  EXPECT_EQ(folder_.read("out"), "nobody\n");
}

TEST_F(MiscProbe, WithScriptSecurityAnInsecureScriptIsNotRunAsRoot) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root's files";
  runner_.set_options({.refuse_insecure = true});
  const std::string script = folder_.script("open", "exit 0", 0757);
  EXPECT_EQ(probe(check({script})).detail, "Unsafe permissions found for script '" + script + "'.");
  EXPECT_TRUE(probe(check({"/bin/true"})).is_success());
}

TEST_F(MiscProbe, NoMoreRunAtOnceThanThereAreSlotsAndTheyStartInOrder) {
  // Two slots. Each script waits until it may go on, so none can end before it was counted.
  const std::string script = folder_.script("counts", "echo $1 >> $D/started; while [ ! -e $D/go ]; do sleep 0.01; done");
  std::vector<std::unique_ptr<Probe>> probes;
  std::vector<ProbeResult> results;
  for (int i = 0; i < 5; ++i) {
    probes.push_back(start_misc_probe(loop_, slots_, check({script, std::to_string(i)}),
                                      [&](ProbeResult result) { results.push_back(std::move(result)); }));
  }
  wait_until("the first two", [&] { return folder_.read("started").size() == 4; });
  EXPECT_EQ(slots_.in_use(), 2U);
  EXPECT_EQ(slots_.waiting(), 3U);
  probes[2].reset();  // one that waits is abandoned
  EXPECT_EQ(slots_.waiting(), 2U);
  folder_.write("go", "");
  wait_until("the rest", [&] { return results.size() == 4; });
  for (const auto& result : results) EXPECT_TRUE(result.is_success()) << result.detail;
  const std::string started = folder_.read("started");
  EXPECT_EQ(started.size(), 8U) << started;
  EXPECT_EQ(started.find('2'), std::string::npos) << started;
  EXPECT_EQ(slots_.in_use(), 0U);
}

TEST_F(MiscProbe, WaitingForASlotCountsToNoTimeout) {
  ScriptSlots one{runner_, 1};
  const std::string slow = folder_.script("slow", "while [ ! -e $D/go ]; do sleep 0.01; done");
  bool first_ended = false;
  std::optional<ProbeResult> second_result;
  auto first = start_misc_probe(loop_, one, check({slow}), [&](const ProbeResult&) { first_ended = true; });
  auto second =
      start_misc_probe(loop_, one, check({"/bin/true"}, 80ms), [&](ProbeResult result) { second_result = std::move(result); });
  control::Timer later = loop_.add_timer([&] { folder_.write("go", ""); });
  later.start_once(200ms);
  wait_until("both", [&] { return first_ended && second_result; });
  EXPECT_TRUE(second_result->is_success()) << second_result->detail;
  EXPECT_LT(second_result->latency, 150ms);
}

TEST_F(MiscProbe, AnAbandonedOneKillsTheGroupAndLeavesNoZombie) {
  const auto spec = check({folder_.script("hangs", "sleep 100 & echo $! > $D/child; wait")});
  auto probe = start_misc_probe(loop_, slots_, spec, [](ProbeResult) { ADD_FAILURE(); });
  wait_until("the script", [&] { return folder_.has_line("child"); });
  probe.reset();
  const pid_t child = std::stoi(folder_.read("child"));
  wait_until("the end", [&] { return runner_.processes().dying() == 0 && !is_running(child); });
  EXPECT_TRUE(has_no_children());
  EXPECT_EQ(slots_.in_use(), 0U);
}

}  // namespace
}  // namespace penstock::healthcheck
