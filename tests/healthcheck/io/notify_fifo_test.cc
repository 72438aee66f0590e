// The named pipe for another program: lines arrive whole and in order, and nobody is waited for.
#include "healthcheck/io/notify_fifo.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>

namespace penstock::healthcheck {
namespace {

class NotifyFifoTest : public testing::Test {
 protected:
  NotifyFifoTest() {
    std::string folder = std::filesystem::temp_directory_path() / "penstock-fifo-XXXXXX";
    folder_ = mkdtemp(folder.data());
    path_ = folder_ / "fifo";
  }
  ~NotifyFifoTest() override { std::filesystem::remove_all(folder_); }

  control::UserIds owner() {
    struct stat status{};
    EXPECT_EQ(stat(path_.c_str(), &status), 0);
    return {.user = status.st_uid, .group = status.st_gid};
  }
  std::string read_all() {
    const Socket reader{open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
    std::array<char, 65536> room{};
    const ssize_t length = read(reader.fd(), room.data(), room.size());
    return length > 0 ? std::string{room.data(), static_cast<std::size_t>(length)} : "";
  }

  std::filesystem::path folder_;
  std::filesystem::path path_;
};

TEST_F(NotifyFifoTest, IsMadeForItsOwnerAloneAndKeepsLinesInOrder) {
  auto fifo = NotifyFifo::open(path_).value();
  struct stat status{};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_TRUE(fifo.write("VS [10.0.0.1]:tcp:80 UP"));
  EXPECT_TRUE(fifo.write("RS [10.0.0.9]:tcp:80 [10.0.0.1]:tcp:80 DOWN"));
  EXPECT_EQ(read_all(), "VS [10.0.0.1]:tcp:80 UP\nRS [10.0.0.9]:tcp:80 [10.0.0.1]:tcp:80 DOWN\n");
}

TEST_F(NotifyFifoTest, LosesAndCountsWhatNobodyReads) {
  auto fifo = NotifyFifo::open(path_).value();
  int written = 0;
  while (fifo.write("VS [10.0.0.1]:tcp:80 UP") && written < 1'000'000) ++written;
  EXPECT_GT(written, 1000);
  EXPECT_EQ(fifo.lost(), 1U);
}

TEST_F(NotifyFifoTest, TakesAPipeThatIsThereAsItIs) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_TRUE(NotifyFifo::open(path_, control::UserIds{.user = 65534, .group = 65534}).has_value());
  EXPECT_EQ(owner(), (control::UserIds{geteuid(), getegid()}));
}

TEST_F(NotifyFifoTest, BelongsToWhomItIsMadeFor) {
  if (geteuid() != 0) GTEST_SKIP() << "only root may give files away";
  const control::UserIds somebody{.user = 65534, .group = 12345};
  EXPECT_TRUE(NotifyFifo::open(path_, somebody).has_value());
  EXPECT_EQ(owner(), somebody);
}

TEST_F(NotifyFifoTest, RefusesAFile) {
  std::ofstream{path_} << "precious";
  const auto refused = NotifyFifo::open(path_);
  ASSERT_FALSE(refused.has_value());
  EXPECT_TRUE(refused.error().ends_with("is no named pipe")) << refused.error();
}

TEST_F(NotifyFifoTest, RefusesAFolderThatIsNotThere) { EXPECT_FALSE(NotifyFifo::open("/nowhere/fifo").has_value()); }

}  // namespace
}  // namespace penstock::healthcheck
