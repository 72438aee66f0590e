// Files in a directory that is everybody's: whole, nobody else's to read, and through no link.
#include "control/daemon/status_dumps.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace penstock::control {
namespace {

class StatusDumpsTest : public testing::Test {
 protected:
  StatusDumpsTest() {
    std::string name = testing::TempDir() + "dumps-XXXXXX";
    folder = ::mkdtemp(name.data());
  }
  ~StatusDumpsTest() override { std::filesystem::remove_all(folder); }

  static std::string text_of(const std::string& path) {
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
  }

  std::string folder;
};

TEST_F(StatusDumpsTest, a_file_is_written_for_its_owner_only) {
  const std::string path = folder + "/keepalived.data";
  ASSERT_TRUE(replace_file(path, "one"));
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
  ASSERT_TRUE(replace_file(path, "two"));
  EXPECT_EQ(text_of(path), "two");
}

TEST_F(StatusDumpsTest, a_link_in_the_files_place_is_replaced_and_not_followed) {
  const std::string path = folder + "/keepalived.data";
  std::ofstream{folder + "/victim"} << "untouched";
  std::filesystem::create_symlink(folder + "/victim", path);
  ASSERT_TRUE(replace_file(path, "text"));
  EXPECT_EQ(text_of(folder + "/victim"), "untouched");
  EXPECT_FALSE(std::filesystem::is_symlink(path));
  EXPECT_EQ(text_of(path), "text");
}

TEST_F(StatusDumpsTest, what_can_not_be_written_is_said_and_leaves_nothing) {
  const auto failed = replace_file(folder + "/nowhere/keepalived.data", "text");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error(), "can't make " + folder + "/nowhere/keepalived.data: No such file or directory");
  std::filesystem::create_directory(folder + "/directory");
  EXPECT_FALSE(replace_file(folder + "/directory", "text"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator{folder}, {}), 1);
}

TEST_F(StatusDumpsTest, several_at_once_are_all_written_before_it_ends) {
  {
    StatusDumps dumps{folder};
    for (const char* const name : {"a", "b", "c"}) dumps.write(name, name);
  }
  for (const char* const name : {"a", "b", "c"}) EXPECT_EQ(text_of(folder + '/' + name), name);
}

}  // namespace
}  // namespace penstock::control
