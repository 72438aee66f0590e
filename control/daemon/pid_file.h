// The file that names the running daemon's process, and keeps a second one from starting over it.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace penstock::control {

class PidFile {
 public:
  // Locks and writes `path` (its directory is made when it is missing). The error is a sentence for the operator; that another
  // daemon runs is one.
  [[nodiscard]] static std::expected<PidFile, std::string> create(const std::string& path);

  // Removes the file.
  ~PidFile();
  PidFile(PidFile&& other) noexcept
      : path_{std::exchange(other.path_, {})}, descriptor_{std::exchange(other.descriptor_, -1)} {}
  PidFile& operator=(PidFile&&) = delete;

 private:
  PidFile(std::string path, int descriptor) : path_{std::move(path)}, descriptor_{descriptor} {}

  std::string path_;
  int descriptor_;  // holds the lock as long as the process lives, however it ends
};

}  // namespace penstock::control
