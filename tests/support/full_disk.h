// A file system of one page that is full, for this thread alone: gone at the end. Needs root.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace penstock::test {

class FullDisk {
 public:
  FullDisk() : home_{open("/proc/thread-self/ns/mnt", O_RDONLY | O_CLOEXEC)} {
    char name[] = "/tmp/penstock-full-XXXXXX";
    EXPECT_NE(mkdtemp(name), nullptr);
    path_ = name;
    EXPECT_EQ(unshare(CLONE_NEWNS), 0);
    EXPECT_EQ(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    EXPECT_EQ(mount("tmpfs", name, "tmpfs", 0, "size=4k,nr_inodes=16"), 0);
  }
  ~FullDisk() {
    EXPECT_EQ(umount2(path_.c_str(), MNT_DETACH), 0);
    EXPECT_EQ(setns(home_, CLONE_NEWNS), 0);
    close(home_);
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

  [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }
  // Puts this text into a file, cut to what there is room for.
  void write(const std::string& name, const std::string& text) const {
    const int file = open(path(name).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    EXPECT_GE(file, 0);
    static_cast<void>(::write(file, text.data(), text.size()) == 0);
    EXPECT_EQ(close(file), 0);
  }
  void fill() const { write("filler", std::string(8192, 'x')); }

 private:
  int home_;
  std::string path_;
};

}  // namespace penstock::test
