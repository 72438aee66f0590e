// What a tracker of VRRP has found.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

namespace penstock::control {

struct ScriptResult {
  std::string tracker{};
  bool success = false;
  std::string words{};  // about a failure: "exited with status 1"
};
struct ProcessResult {
  std::string tracker{};
  bool enough = false;
};
struct FileResult {
  std::string tracker{};
  std::int64_t value = 0;
};
using TrackerResult = std::variant<ScriptResult, ProcessResult, FileResult>;

}  // namespace penstock::control
