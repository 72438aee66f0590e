// What a change of the configuration costs control, until workers see it: a snapshot anew, and a copy with one service changed;
// and what such changes cost the worker that forwards meanwhile.
#include <sched.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "bench/micro/per_packet.h"
#include "bench/scenes.h"
#include "bench/traffic.h"
#include "dataplane/core/snapshot.h"
#include "dataplane/dpdk/rcu.h"

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

// Another processor than the one that EAL has bound this thread to, where there is one.
void leave_this_processor() {
  const int here = sched_getcpu();
  cpu_set_t others;
  CPU_ZERO(&others);
  for (unsigned cpu = 0; cpu < std::thread::hardware_concurrency(); ++cpu) {
    if (static_cast<int>(cpu) != here) CPU_SET(cpu, &others);
  }
  if (CPU_COUNT(&others) != 0) sched_setaffinity(0, sizeof(others), &others);
}

// A real server of the service that traffic is for gets another weight, so many times a second, among 10,000 services.
class ChangingSnapshot {
 public:
  using Publisher = dpdk::RcuPublisher<core::Snapshot>;

  explicit ChangingSnapshot(unsigned changes_per_second) {
    publisher_.publish(snapshot_for(kServers, core::SchedulerKind::kRoundRobin, 9999));
    for (unsigned i = 0; i < kServers; ++i) change_.members.push_back(core::ServerId{static_cast<std::uint16_t>(i)});
    change_.servers = {{core::ServerId{0}, publisher_.current()->server(core::ServerId{0})}};
    if (changes_per_second != 0)
      control_ = std::jthread{[=, this](const std::stop_token& end) { go_on(end, changes_per_second); }};
  }

  [[nodiscard]] Publisher& publisher() { return publisher_; }
  // Before the reader goes: that happens in DPDK's library, where ThreadSanitizer sees nothing.
  void stop() { control_ = {}; }

 private:
  static constexpr unsigned kServers = 16;

  void go_on(const std::stop_token& end, unsigned changes_per_second) {
    leave_this_processor();
    auto next_change = std::chrono::steady_clock::now();
    while (!end.stop_requested()) {
      auto next = std::make_unique<core::Snapshot>(*publisher_.current());
      ++change_.generation;
      change_.servers.front().second.weight = 1 + change_.generation % 100;
      next->change_members(0, change_);
      publisher_.publish(std::move(next));
      publisher_.reclaim();
      next_change += std::chrono::nanoseconds{1'000'000'000 / changes_per_second};
      std::this_thread::sleep_until(next_change);
    }
  }

  Publisher publisher_{1};
  core::MembersChange change_;
  std::jthread control_;
};

// By the number of changes a second.
void ForwardDuringChanges(benchmark::State& state) {
  EstablishedFlows scene{4096, 0, Sync::kNone};
  ChangingSnapshot snapshot{static_cast<unsigned>(state.range(0))};
  ChangingSnapshot::Publisher::Reader reader{snapshot.publisher(), 0};
  reader.online();
  for (auto _ : state) {
    scene.receive();
    scene.process(*reader.get());
    reader.quiescent();
  }
  reader.offline();
  snapshot.stop();
  if (scene.forwarded() != static_cast<std::size_t>(state.iterations())) state.SkipWithError("a packet was not forwarded");
  count_packets(state);
}
BENCHMARK(ForwardDuringChanges)->Arg(0)->Arg(1000);

}  // namespace
}  // namespace penstock::bench
