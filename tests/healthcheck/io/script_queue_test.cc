#include "healthcheck/io/script_queue.h"

#include "tests/healthcheck/io/probe_test.h"
#include "tests/support/script_folder.h"

namespace penstock::healthcheck {
namespace {

using namespace test;

class ScriptQueueTest : public ProbeTest {
 protected:
  static Script script(std::vector<std::string> command) {
    return {.command = std::move(command), .user = geteuid() == 0 ? "root" : ""};
  }
  ScriptQueue queue(ScriptQueue::Limits limits = {}) {
    return ScriptQueue{runner_, limits, [this](std::string line) { reports_.push_back(std::move(line)); }};
  }
  penstock::test::ScriptFolder folder_;
  ScriptRunner runner_{loop_, {}};
  std::vector<std::string> reports_;
};

TEST_F(ScriptQueueTest, ScriptsOfOneKeyRunOneAfterAnotherInOrder) {
  auto scripts = queue();
  // The earlier the slower: out of order if they ran beside each other.
  const std::string path = folder_.script("append", "sleep 0.0$((9 - $1)); echo $1 >> $D/out");
  for (int i = 0; i < 8; ++i) scripts.run(script({path, std::to_string(i)}), "key");
  EXPECT_EQ(scripts.size(), 8U);
  wait_until("all", [&] { return scripts.is_idle(); });
  EXPECT_EQ(folder_.read("out"), "0\n1\n2\n3\n4\n5\n6\n7\n");
  EXPECT_TRUE(reports_.empty());
}

TEST_F(ScriptQueueTest, ScriptsOfDifferentKeysRunBesideEachOtherUpToTheLimit) {
  auto scripts = queue({.at_once = 2});
  const std::string path = folder_.script("waits", "echo $1 >> $D/started; while [ ! -e $D/go ]; do sleep 0.01; done");
  for (const char* key : {"a", "b", "c"}) scripts.run(script({path, key}), key);
  wait_until("two", [&] { return folder_.read("started").size() == 4; });
  EXPECT_EQ(scripts.size(), 3U);
  folder_.write("go", "");
  wait_until("all", [&] { return scripts.is_idle(); });
  EXPECT_EQ(folder_.read("started").size(), 6U);
}

TEST_F(ScriptQueueTest, AScriptThatCannotStartIsReportedAndHoldsNobodyUp) {
  auto scripts = queue();
  scripts.run(script({folder_.path("nothing"), "x"}), "key");
  scripts.run(script({folder_.script("after", "echo done > $D/out")}), "key");
  wait_until("all", [&] { return scripts.is_idle(); });
  EXPECT_EQ(reports_, std::vector<std::string>{"script " + folder_.path("nothing") + ": No such file or directory"});
  EXPECT_EQ(folder_.read("out"), "done\n");
}

TEST_F(ScriptQueueTest, AScriptThatDoesNotEndIsEndedAndTheNextOneRuns) {
  auto scripts = queue({.timeout = 100ms});
  const std::string hangs = folder_.script("hangs", "sleep 100 & echo $! > $D/child; wait");
  scripts.run(script({hangs}), "key");
  scripts.run(script({folder_.script("after", "echo done > $D/out")}), "key");
  wait_until("all", [&] { return scripts.is_idle(); });
  EXPECT_EQ(reports_, std::vector<std::string>{"script " + hangs + ": took too long, ended"});
  EXPECT_EQ(folder_.read("out"), "done\n");
  const pid_t child = std::stoi(folder_.read("child"));
  wait_until("the child's end", [&] { return !penstock::test::is_running(child); });
}

TEST_F(ScriptQueueTest, ABacklogIsBounded) {
  auto scripts = queue({.longest_backlog = 2});
  for (int i = 0; i < 4; ++i) scripts.run(script({"/bin/true"}), "key");
  EXPECT_EQ(reports_.size(), 2U);
  EXPECT_EQ(reports_.at(0), "script /bin/true: not run: 2 scripts of key are waiting");
  wait_until("all", [&] { return scripts.is_idle(); });
}

TEST_F(ScriptQueueTest, DestroyingItKillsWhatRuns) {
  {
    auto scripts = queue();
    scripts.run(script({folder_.script("hangs", "echo $$ > $D/pid; sleep 100")}), "key");
    wait_until("the script", [&] { return folder_.has_line("pid"); });
  }
  wait_until("its burial", [&] { return runner_.processes().dying() == 0; });
  EXPECT_FALSE(penstock::test::is_running(std::stoi(folder_.read("pid"))));
}

}  // namespace
}  // namespace penstock::healthcheck
