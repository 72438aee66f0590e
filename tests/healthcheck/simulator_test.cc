// 100,000 random sequences of results, reloads and stops: the checker and the monitor do what the reference model foretells.
//
// PENSTOCK_SIMULATOR_SEQUENCES: how many instead. PENSTOCK_SIMULATOR_SEED: the first one's seed, as a failure prints it; the
// sequence number n has seed + n, so with one sequence this replays it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "tests/healthcheck/simulator.h"
#include "tests/support/sanitized.h"

namespace penstock::healthcheck {
namespace {

constexpr std::uint64_t kSimulations = test::kIsSanitized ? 2'000 : 100'000;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

TEST(Simulator, TheMonitorDoesWhatTheReferenceForetells) {
  const std::uint64_t seed = from_environment("PENSTOCK_SIMULATOR_SEED", 1);
  const std::uint64_t count = from_environment("PENSTOCK_SIMULATOR_SEQUENCES", kSimulations);
  const MakeSubject make_subject = [](const Sequence& sequence) { return std::make_unique<Subject>(sequence); };
  std::array<std::uint64_t, kThingsToMeet> met{};
  std::uint64_t events = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const Sequence sequence{seed + i};
    Coverage coverage{};
    if (const auto difference = simulate(sequence, *make_subject(sequence), coverage)) {
      const Sequence small = shrunk(sequence, make_subject);
      FAIL() << "PENSTOCK_SIMULATOR_SEED=" << seed + i << " PENSTOCK_SIMULATOR_SEQUENCES=1 fails "
             << describe(sequence, *difference) << "\nand smaller "
             << describe(small, simulate(small, *make_subject(small), coverage).value());
    }
    events += sequence.events.size();
    for (std::size_t thing = 0; thing < met.size(); ++thing) met.at(thing) += coverage.at(thing) ? 1 : 0;
  }
  RecordProperty("events", static_cast<int>(events));
  static constexpr std::array<const char*, kThingsToMeet> kNames{"quorum lost",
                                                                 "quorum regained",
                                                                 "sorry server in use",
                                                                 "inhibited server",
                                                                 "server kept down over a reload",
                                                                 "shared check",
                                                                 "weight changed",
                                                                 "omega",
                                                                 "retried failure",
                                                                 "stale report",
                                                                 "unshared checks"};
  for (std::size_t thing = 0; thing < met.size(); ++thing) {
    std::cout << "  " << kNames.at(thing) << ": in " << met.at(thing) << " of " << count << " sequences\n";
    EXPECT_GE(met.at(thing), count / 100) << kNames.at(thing);
  }
}

}  // namespace
}  // namespace penstock::healthcheck
