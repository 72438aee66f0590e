#include "healthcheck/io/file_probe.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <expected>
#include <limits>
#include <string>
#include <utility>

#include "healthcheck/io/one_shot_probe.h"
#include "healthcheck/io/own_failure.h"

namespace penstock::healthcheck {
namespace {

constexpr std::size_t kBytesRead = 128;
constexpr std::int64_t kLargestWeight = 2147483647;  // IPVS_WEIGHT_MAX

std::expected<std::int64_t, ProbeResult> read_number(const std::string& path) {
  const auto failed = [](std::string detail) {
    return std::unexpected{ProbeResult{.failure = ProbeFailure::kFile, .detail = std::move(detail)}};
  };
  // O_NONBLOCK: the opening of a FIFO or of a device must not wait either.
  const Socket file{open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)};
  if (!file) {
    if (is_shortage(errno)) return std::unexpected{own_failure(path, errno)};
    return 0;
  }
  struct stat attributes{};
  if (fstat(file.fd(), &attributes) != 0 || !S_ISREG(attributes.st_mode)) return failed(path + " is not a regular file");
  std::array<char, kBytesRead> text{};
  const ssize_t length = read(file.fd(), text.data(), text.size() - 1);
  if (length < 0) return failed(path + ": " + std::strerror(errno));
  errno = 0;
  const std::int64_t number = std::strtol(text.data(), nullptr, 0);
  constexpr std::numeric_limits<std::int32_t> kRange;
  if (errno != 0 || number < kRange.min() || number > kRange.max()) return failed("the number in " + path + " is out of range");
  return number;
}

class FileProbe final : public OneShotProbe {
 public:
  FileProbe(control::EventLoop& loop, const FileCheck& check, ProbeDone done) : OneShotProbe{loop, std::move(done)} {
    const auto number = read_number(check.path);
    end_soon(number ? judge_number(check, *number) : number.error());
  }

 private:
  void on_deadline() override {}
};

}  // namespace

ProbeResult judge_number(const FileCheck& check, std::int64_t number) {
  const auto failed = [&] {
    return ProbeResult{.failure = ProbeFailure::kFile,
                       .detail = "the number in " + check.path + " is " + std::to_string(number)};
  };
  if (check.weight == 0) return (number != 0) != check.reverse ? failed() : ProbeResult{.weight = 0};
  const std::int64_t added = number * check.weight * (check.reverse ? -1 : 1);  // 32 bits times 32 bits: fits
  if (added <= -kLargestWeight) return failed();
  return {.weight = std::min(added, kLargestWeight - 1)};
}

std::unique_ptr<Probe> start_file_probe(control::EventLoop& loop, const CheckSpec& check, ProbeDone done) {
  return std::make_unique<FileProbe>(loop, std::get<FileCheck>(check.kind), std::move(done));
}

}  // namespace penstock::healthcheck
