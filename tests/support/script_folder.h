// A folder for a test's scripts and what they write, gone at the end.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace penstock::test {

class ScriptFolder {
 public:
  ScriptFolder() {
    char name[] = "/tmp/penstock-scripts-XXXXXX";
    EXPECT_NE(mkdtemp(name), nullptr);
    path_ = name;
    EXPECT_EQ(chmod(name, 0777), 0);  // scripts of other users write here, too
  }
  ~ScriptFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScriptFolder(const ScriptFolder&) = delete;
  ScriptFolder& operator=(const ScriptFolder&) = delete;

  [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }
  // A shell script; $D is this folder. Returns its path.
  [[nodiscard]] std::string script(const std::string& name, const std::string& lines, mode_t mode = 0755) const {
    std::ofstream{path(name)} << "#!/bin/sh\nD=" << path_ << "\n" << lines << "\n";
    EXPECT_EQ(chmod(path(name).c_str(), mode), 0);
    return path(name);
  }
  void write(const std::string& name, const std::string& text) const { std::ofstream{path(name)} << text; }
  // Empty where there is no such file.
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream file{path(name)};
    return {std::istreambuf_iterator<char>{file}, {}};
  }
  // Whether a script has written a whole line.
  [[nodiscard]] bool has_line(const std::string& name) const { return read(name).ends_with('\n'); }

 private:
  std::string path_;
};

// Whether a process is there and no zombie.
inline bool is_running(pid_t pid) {
  std::ifstream file{"/proc/" + std::to_string(pid) + "/stat"};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  const auto end_of_name = text.rfind(')');
  return end_of_name != std::string::npos && text.at(end_of_name + 2) != 'Z' && text.at(end_of_name + 2) != 'X';
}

}  // namespace penstock::test
