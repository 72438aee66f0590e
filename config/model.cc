#include "config/model.h"

namespace penstock::config {

std::string_view to_string(Scheduler scheduler) {
  switch (scheduler) {
    case Scheduler::kRoundRobin: return "rr";
    case Scheduler::kWeightedRoundRobin: return "wrr";
    case Scheduler::kLeastConnection: return "lc";
    case Scheduler::kWeightedLeastConnection: return "wlc";
    case Scheduler::kMaglev: return "mh";
  }
  return "?";
}

}  // namespace penstock::config
