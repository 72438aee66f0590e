#include "tests/vrrp/simulation/campaign.h"

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

namespace penstock::vrrp::simulation {

Outcome run(const Campaign& campaign) {
  Outcome outcome;
  std::mutex mutex;
  std::atomic<std::uint64_t> seed = campaign.first_seed;
  std::atomic<bool> done = false;
  const auto work = [&] {
    while (!done) {
      const Result result = run_scenario(draw_scenario(seed++), campaign.mutant);
      const std::lock_guard lock{mutex};
      ++outcome.scenarios;
      outcome.tally.add(result.tally);
      outcome.events += result.events;
      outcome.attacks_rejected += result.attacks_rejected;
      if (outcome.report.empty()) outcome.report = result.report;
      if (!outcome.report.empty() || outcome.tally.total() >= campaign.failovers) done = true;
    }
  };
  std::vector<std::jthread> workers;
  for (unsigned i = 1; i < campaign.threads; ++i) workers.emplace_back(work);
  work();
  workers.clear();  // joins
  return outcome;
}

}  // namespace penstock::vrrp::simulation
