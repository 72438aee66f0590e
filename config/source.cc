#include "config/source.h"

#include <glob.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

namespace penstock::config {

std::uint32_t SourceMap::add(std::string name, std::string text) {
  File file{std::move(name), std::move(text), {}};
  for (std::size_t start = 0; start < file.text.size();) {
    file.line_starts.push_back(start);
    const std::size_t end = file.text.find('\n', start);
    if (end == std::string::npos) break;
    start = end + 1;
  }
  files_.push_back(std::move(file));
  return static_cast<std::uint32_t>(files_.size() - 1);
}

std::string_view SourceMap::line(std::uint32_t file, std::uint32_t number) const {
  if (file >= files_.size() || number == 0 || number > files_[file].line_starts.size()) return {};
  const File& source = files_[file];
  const std::size_t start = source.line_starts[number - 1];
  std::string_view text = std::string_view{source.text}.substr(start);
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

std::expected<std::string, std::string> read_system_file(const std::string& path, std::size_t largest) {
  const std::unique_ptr<std::FILE, CloseFile> file{std::fopen(path.c_str(), "re")};
  if (file == nullptr) return std::unexpected{std::string{std::strerror(errno)}};
  struct stat status{};
  if (fstat(fileno(file.get()), &status) != 0) return std::unexpected{std::string{std::strerror(errno)}};
  if (S_ISDIR(status.st_mode)) return std::unexpected{std::string{std::strerror(EISDIR)}};

  std::string text;
  char buffer[65536];
  while (const std::size_t got = std::fread(buffer, 1, sizeof(buffer), file.get())) {
    text.append(buffer, got);
    if (text.size() > largest) return std::unexpected{"it is larger than " + std::to_string(largest) + " bytes"};
  }
  if (std::ferror(file.get()) != 0) return std::unexpected{std::string{std::strerror(errno)}};
  return text;
}

std::vector<std::string> match_system_files(const std::string& pattern) {
  std::vector<std::string> paths;
  glob_t found{};
  if (glob(pattern.c_str(), GLOB_MARK | GLOB_BRACE, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) {
      const std::string_view path = found.gl_pathv[i];
      if (!path.ends_with('/')) paths.emplace_back(path);
    }
  }
  globfree(&found);
  return paths;
}

}  // namespace

FileReader system_files(std::size_t largest) {
  return {.read = [largest](const std::string& path) { return read_system_file(path, largest); }, .match = match_system_files};
}

}  // namespace penstock::config
