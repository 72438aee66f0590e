// The signals that keepalived answers, by the names of its option --signum: scripts and exporters ask for the number by name.
#pragma once

#include <csignal>
#include <optional>
#include <string_view>

namespace penstock::control {

inline const int kSignalJson = SIGRTMIN + 2;
inline const int kSignalStatisticsAndClear = SIGRTMAX - 1;

// STOP, RELOAD, DATA, STATS, STATS_CLEAR or JSON.
[[nodiscard]] inline std::optional<int> signal_number(std::string_view name) {
  if (name == "STOP") return SIGTERM;
  if (name == "RELOAD") return SIGHUP;
  if (name == "DATA") return SIGUSR1;
  if (name == "STATS") return SIGUSR2;
  if (name == "STATS_CLEAR") return kSignalStatisticsAndClear;
  if (name == "JSON") return kSignalJson;
  return std::nullopt;
}

}  // namespace penstock::control
