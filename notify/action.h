// What a state machine asks for besides its own work, in its order: lines for the log, and news for whom the operator named.
#pragma once

#include <cstdint>
#include <string>

#include "notify/script.h"

namespace penstock::notify {

struct LogLine {
  enum class Level : std::uint8_t { kDebug, kInfo, kWarning };
  Level level = Level::kInfo;
  std::string text{};
};
// Scripts of one `queue` run one after another, in the order of these actions.
struct RunScript {
  Script script{};
  std::string queue{};
};
struct WriteFifo {
  std::string line{};  // without the line's end
};
struct SendMail {
  std::string subject{};  // without the router's name in front
  std::string body{};
};

}  // namespace penstock::notify
