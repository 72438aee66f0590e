#include "control/daemon/pid_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/full_disk.h"

namespace penstock::control {
namespace {

class PidFileTest : public testing::Test {
 protected:
  PidFileTest() : directory_{std::filesystem::temp_directory_path() / ("penstock-pid-" + std::to_string(getpid()))} {}
  ~PidFileTest() override { std::filesystem::remove_all(directory_); }

  [[nodiscard]] std::string path() const { return directory_ / "run" / "penstockd.pid"; }
  [[nodiscard]] std::string content() const {
    std::ifstream file{path()};
    std::string line;
    std::getline(file, line);
    return line;
  }

  std::filesystem::path directory_;
};

TEST_F(PidFileTest, NamesThisProcessAndGoesWithItsObject) {
  {
    const auto file = PidFile::create(path());
    ASSERT_TRUE(file.has_value()) << file.error();
    EXPECT_EQ(content(), std::to_string(getpid()));
  }
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(PidFileTest, RefusesASecondDaemonAndNamesTheFirst) {
  const auto first = PidFile::create(path());
  ASSERT_TRUE(first.has_value());
  const auto second = PidFile::create(path());
  ASSERT_FALSE(second.has_value());
  EXPECT_NE(second.error().find("daemon is already running: process " + std::to_string(getpid())), std::string::npos)
      << second.error();
  EXPECT_TRUE(std::filesystem::exists(path()));  // the first one's
}

TEST_F(PidFileTest, TakesOverTheFileOfADaemonThatWasKilled) {
  std::filesystem::create_directories(directory_ / "run");
  std::ofstream{path()} << "4194300 and more\n";
  const auto file = PidFile::create(path());
  ASSERT_TRUE(file.has_value()) << file.error();
  EXPECT_EQ(content(), std::to_string(getpid()));
}

TEST_F(PidFileTest, SaysWhatToDoWhenTheFileCannotBeWritten) {
  const auto file = PidFile::create("/proc/penstockd.pid");
  ASSERT_FALSE(file.has_value());
  EXPECT_NE(file.error().find("can't write the pid file /proc/penstockd.pid"), std::string::npos);
  EXPECT_NE(file.error().find("-p"), std::string::npos);
}

TEST_F(PidFileTest, SaysSoWhenTheDiskIsFull) {
  if (geteuid() != 0) GTEST_SKIP() << "only root may mount a file system";
  const test::FullDisk disk;
  disk.fill();
  const auto file = PidFile::create(disk.path("penstockd.pid"));
  ASSERT_FALSE(file.has_value());
  EXPECT_TRUE(file.error().ends_with(": No space left on device")) << file.error();
  EXPECT_FALSE(std::filesystem::exists(disk.path("penstockd.pid")));
}

}  // namespace
}  // namespace penstock::control
