#include "control/cli/status.h"

namespace penstock::control {

std::string_view to_string(ServerState state) {
  switch (state) {
    case ServerState::kAvailable: return "available";
    case ServerState::kUnresolved: return "unresolved";
    case ServerState::kLocal: return "local";
    case ServerState::kDown: return "down";
    case ServerState::kRemoved: return "removed";
  }
  return "?";
}

}  // namespace penstock::control
