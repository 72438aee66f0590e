// What the sync thread says of itself: plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "config/model.h"
#include "control/sync/receiver.h"
#include "control/sync/sender.h"

namespace penstock::control {

struct SyncDumpStatus {
  std::uint64_t sent = 0;  // whole dumps
  std::uint64_t received = 0;
  std::chrono::milliseconds last_took{0};  // of those sent
  bool is_sending = false;
  bool is_wanted = false;  // asked for, and not yet got
};
struct SyncThreadStatus {
  std::optional<config::SyncDaemon> daemon{};
  bool master = false;
  std::string error{};  // why nothing can be sent or received now
  SyncSent sent{};
  SyncReceived received{};
  SyncDumpStatus dump{};
  std::chrono::microseconds lag{0};  // how long what was told last may have waited for it, and the longest ever
  std::chrono::microseconds worst_lag{0};
};

}  // namespace penstock::control
