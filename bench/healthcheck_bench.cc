// What health checks cost the control thread: a configuration's coming into force, a report that changes nothing, and servers
// that change their state, by how many there are and how they lie.
//
// Only the monitor is measured, not the snapshot that its tables become. A figure that isn't proportional to the number of
// servers has a square in it.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "healthcheck/monitor.h"

namespace penstock::bench {
namespace {

using namespace healthcheck;  // NOLINT(google-build-using-namespace)

constexpr std::size_t kServersOfEach = 4;

packet::Endpoint endpoint(std::uint32_t network, std::size_t host) {
  return {packet::Ipv4Address{network + static_cast<std::uint32_t>(host)}, 80};
}

// Each server with a TCP_CHECK; no server in two services.
std::vector<MonitoredService> configuration(std::size_t services, std::size_t servers_of_each) {
  std::vector<MonitoredService> all(services);
  for (std::size_t i = 0; i < services; ++i) {
    all[i].endpoint = endpoint(0xc0a8'0000, i);
    all[i].protocol = packet::Protocol::kTcp;
    all[i].servers.resize(servers_of_each);
    for (std::size_t j = 0; j < servers_of_each; ++j) {
      MonitoredServer& server = all[i].servers[j];
      server.endpoint = endpoint(0x0a00'0001, i * servers_of_each + j);
      CheckSpec& check = server.policy.checks.emplace_back();
      check.server = check.connection.target = server.endpoint;
      check.protocol = packet::Protocol::kTcp;
    }
  }
  return all;
}

std::vector<CheckId> started(const Actions& actions) {
  std::vector<CheckId> ids;
  for (const Action& action : actions) {
    if (const auto* const start = std::get_if<StartCheck>(&action)) ids.push_back(start->id);
  }
  return ids;
}

CheckReport verdict(CheckId id, bool up) {
  CheckReport report{.id = id, .is_up = up};
  report.result.failure = up ? ProbeFailure::kNone : ProbeFailure::kRefused;
  report.step = {.verdict = up, .failures = up ? 0U : 1U};
  return report;
}

void count(benchmark::State& state, const char* what, std::size_t each_iteration) {
  state.counters[what] = benchmark::Counter(static_cast<double>(each_iteration) * static_cast<double>(state.iterations()),
                                            benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void ApplyFirst(benchmark::State& state) {
  const auto services = configuration(static_cast<std::size_t>(state.range(0)), kServersOfEach);
  for (auto _ : state) {
    Monitor monitor;
    benchmark::DoNotOptimize(monitor.apply(services, {}));
  }
  count(state, "server", services.size() * kServersOfEach);
}
BENCHMARK(ApplyFirst)->Arg(100)->Arg(10'000)->Unit(benchmark::kMillisecond);

// A reload of a file in which nothing changed.
void reload(benchmark::State& state, std::size_t services, std::size_t servers_of_each) {
  const auto wanted = configuration(services, servers_of_each);
  Monitor monitor;
  benchmark::DoNotOptimize(monitor.apply(wanted, {}));
  for (auto _ : state) {
    if (!monitor.apply(wanted, {}).empty()) state.SkipWithError("something changed");
  }
  count(state, "server", services * servers_of_each);
}
void Reload(benchmark::State& state) { reload(state, static_cast<std::size_t>(state.range(0)), kServersOfEach); }
BENCHMARK(Reload)->Arg(100)->Arg(10'000)->Unit(benchmark::kMillisecond);
void ReloadOfOneService(benchmark::State& state) { reload(state, 1, static_cast<std::size_t>(state.range(0))); }
BENCHMARK(ReloadOfOneService)->Arg(100)->Arg(10'000)->Unit(benchmark::kMillisecond);

// Every check once, and none changes anything.
void Report(benchmark::State& state) {
  Monitor monitor;
  const auto ids =
      started(monitor.apply(configuration(static_cast<std::size_t>(state.range(0)), kServersOfEach), GlobalPolicy{}));
  for (auto _ : state) {
    for (const CheckId id : ids) {
      if (!monitor.report({.id = id, .is_up = true}).empty()) state.SkipWithError("something changed");
    }
  }
  count(state, "report", ids.size());
}
BENCHMARK(Report)->Arg(100)->Arg(10'000)->Unit(benchmark::kMillisecond);

// As many servers as the argument says change their state once, down and up in turn. The last server of each service stays up.
void flap(benchmark::State& state, std::size_t services, std::size_t servers_of_each, std::size_t flapping_of_each) {
  Monitor monitor;
  const auto ids = started(monitor.apply(configuration(services, servers_of_each), GlobalPolicy{}));
  bool up = true;
  std::size_t tables = 0;
  for (auto _ : state) {
    up = !up;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (i % servers_of_each >= flapping_of_each) continue;
      for (const Action& action : monitor.report(verdict(ids[i], up))) tables += std::holds_alternative<TableChanged>(action);
    }
  }
  state.counters["tables"] = benchmark::Counter(static_cast<double>(tables), benchmark::Counter::kAvgIterations);
  count(state, "flap", services * flapping_of_each);
}
void FlapOneOfEachService(benchmark::State& state) { flap(state, static_cast<std::size_t>(state.range(0)), kServersOfEach, 1); }
BENCHMARK(FlapOneOfEachService)->Arg(100)->Arg(10'000)->Unit(benchmark::kMillisecond);
void FlapAllOfOneService(benchmark::State& state) {
  const auto servers = static_cast<std::size_t>(state.range(0));
  flap(state, 1, servers + 1, servers);
}
BENCHMARK(FlapAllOfOneService)->Arg(100)->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace penstock::bench

BENCHMARK_MAIN();
