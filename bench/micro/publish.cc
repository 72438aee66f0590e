// What a change of the configuration costs control, until workers see it: a snapshot anew, and a copy with one service changed.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "bench/traffic.h"
#include "dataplane/core/snapshot.h"

namespace penstock::bench {
namespace {

constexpr unsigned kServersOfService = 4;

core::RealServer server_of(unsigned number) {
  return {.destination = {{2, 0, 0, 1, static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)}},
          .source = kPortMac,
          .available = true,
          .resolved = true,
          .weight = 1};
}

std::unique_ptr<core::Snapshot> snapshot_of(unsigned services) {
  core::SnapshotBuilder builder;
  builder.set_port(0, kPortMac);
  for (unsigned i = 0; i < services; ++i) {
    core::ServiceSpec spec{.endpoint = {packet::Ipv4Address{0xc0a8'0200 + i}, kPort},
                           .protocol = packet::Protocol::kTcp,
                           .virtual_id = core::VirtualId{static_cast<std::uint16_t>(1 + i)},
                           .scheduler = core::SchedulerKind::kRoundRobin,
                           .scheduler_slot = static_cast<std::uint16_t>(1 + i),
                           .generation = 1,
                           .members = {}};
    for (unsigned j = 0; j < kServersOfService; ++j) {
      const core::ServerId id{static_cast<std::uint16_t>(i * kServersOfService + j)};
      builder.set_server(id, server_of(i * kServersOfService + j));
      spec.members.push_back(id);
    }
    builder.add_service(std::move(spec));
  }
  return builder.build();
}

// By the number of services, of four real servers each: described, and built.
void SnapshotBuild(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(snapshot_of(static_cast<unsigned>(state.range(0))));
}
BENCHMARK(SnapshotBuild)->Arg(1)->Arg(1000)->Arg(10'000)->Unit(benchmark::kMicrosecond);

// A check's verdict on one of them.
void SnapshotChange(benchmark::State& state) {
  std::unique_ptr<const core::Snapshot> current = snapshot_of(static_cast<unsigned>(state.range(0)));
  core::MembersChange change;
  for (unsigned j = 1; j < kServersOfService; ++j) change.members.push_back(core::ServerId{static_cast<std::uint16_t>(j)});
  core::RealServer out = server_of(0);
  out.available = false;
  change.servers = {{core::ServerId{0}, out}};
  for (auto _ : state) {
    auto next = std::make_unique<core::Snapshot>(*current);
    ++change.generation;
    if (!next->change_members(0, change)) state.SkipWithError("there was no room for the members");
    current = std::move(next);
  }
}
BENCHMARK(SnapshotChange)->Arg(1)->Arg(1000)->Arg(10'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace penstock::bench
