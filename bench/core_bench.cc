// What a packet costs in the core, stage by stage and whole, by the number of flows; and what the alternatives would cost.
//
// Times are per packet (or look-up). Traffic::write_flow, which stands for the NIC, is measured by itself (Floor) and is part
// of Process: subtract it.
#include <benchmark/benchmark.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "bench/scenes.h"
#include "bench/traffic.h"
#include "dataplane/core/forwarder.h"
#include "dataplane/packet/tcp.h"

namespace penstock::bench {
namespace {

using core::kBurst;
using core::SchedulerKind;

void count_packets(benchmark::State& state) {
  const auto packets = static_cast<double>(state.iterations()) * kBurst;
  state.counters["packet"] =
      benchmark::Counter(packets, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);  // seconds for one
}

void flow_counts(benchmark::internal::Benchmark* of) {
  for (const std::int64_t flows : {1, 256, 4096, 32'768, 1 << 20}) of->Arg(flows);
}

// ---- The whole path

void Floor(benchmark::State& state) {
  Traffic traffic{packet::tcp_flag::kAck};
  FlowOrder order{static_cast<std::uint32_t>(state.range(0))};
  for (auto _ : state) {
    for (std::size_t i = 0; i < kBurst; ++i) traffic.write_flow(i, order.next());
    benchmark::ClobberMemory();
  }
  count_packets(state);
}
BENCHMARK(Floor)->Apply(flow_counts);

// Packets of connections that exist, with connection sync or without, sent to the port's own MAC address or that of the last of
// `virtual_routers`.
void process_established(benchmark::State& state, std::uint32_t flows, unsigned virtual_routers, Sync sync = Sync::kNone) {
  EstablishedFlows scene{flows, virtual_routers, sync};
  for (auto _ : state) {
    scene.receive();
    scene.process();
  }
  if (scene.forwarded() != static_cast<std::size_t>(state.iterations())) state.SkipWithError("a packet was not forwarded");
  count_packets(state);
}

void ProcessEstablished(benchmark::State& state) { process_established(state, static_cast<std::uint32_t>(state.range(0)), 0); }
BENCHMARK(ProcessEstablished)->Apply(flow_counts);

// The same with connection sync, by the number of flows and Sync.
void ProcessSynced(benchmark::State& state) {
  process_established(state, static_cast<std::uint32_t>(state.range(0)), 0, static_cast<Sync>(state.range(1)));
  constexpr std::array kNames{"none", "closed", "open", "standby"};
  state.SetLabel(kNames.at(static_cast<std::size_t>(state.range(1))));
}
BENCHMARK(ProcessSynced)->ArgsProduct({{256, 32'768, 1 << 20}, {0, 1, 2, 3}});

// The same by the MAC address of a virtual router (use_vmac), of 1 or 255 on the port; 0: by the port's own.
void ProcessByVirtualMac(benchmark::State& state) { process_established(state, 4096, static_cast<unsigned>(state.range(0))); }
BENCHMARK(ProcessByVirtualMac)->Arg(0)->Arg(1)->Arg(255);

// By the room in the table. With 1 as second argument the peer is told of each.
void ProcessNew(benchmark::State& state) {
  NewFlows scene{static_cast<std::size_t>(state.range(0)), state.range(1) != 0};
  for (auto _ : state) {
    scene.receive();
    scene.process();
  }
  count_packets(state);
}
BENCHMARK(ProcessNew)->ArgsProduct({{1 << 17, 1 << 20}, {0, 1}});

// ---- Stages

void Parse(benchmark::State& state) {
  Traffic traffic{packet::tcp_flag::kAck};
  for (std::size_t i = 0; i < kBurst; ++i) traffic.write_flow(i, static_cast<std::uint32_t>(i));
  for (auto _ : state) {
    for (const core::Frame& frame : traffic.burst()) {
      benchmark::DoNotOptimize(packet::parse_frame(frame.data, frame.length, frame.packet_length));
    }
  }
  count_packets(state);
}
BENCHMARK(Parse);

void ServiceLookup(benchmark::State& state) {
  const auto snapshot = snapshot_for(1, SchedulerKind::kRoundRobin, static_cast<unsigned>(state.range(0)));
  std::uint32_t turn = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < kBurst; ++i) {
      const packet::Ipv4Address address{0xc0a8'0200 + turn++ % static_cast<std::uint32_t>(state.range(0))};
      benchmark::DoNotOptimize(snapshot->service_table().find(address, kPort, packet::ip_protocol::kTcp));
    }
  }
  count_packets(state);
}
BENCHMARK(ServiceLookup)->Arg(1)->Arg(1000)->Arg(10'000);

core::ConnectionKey4 key_of(std::uint32_t flow) {
  return {packet::Ipv4Address{0x0a00'0000 | flow >> 8}, static_cast<std::uint16_t>(1024 + (flow & 0xff)), core::VirtualId{1}};
}

// `Miss`: look for keys that are not there.
template <bool Miss>
void ConnectionFind(benchmark::State& state) {
  const auto flows = static_cast<std::uint32_t>(state.range(0));
  core::ConnectionTable<core::Connection4> table{flows};
  for (std::uint32_t flow = 0; flow < flows; ++flow) {
    if (table.insert(key_of(flow), table.place_of(key_of(flow))) == nullptr) continue;
  }
  FlowOrder order{flows};
  for (auto _ : state) {
    const core::ConnectionTable<core::Connection4>::Map map{table};
    std::array<core::ConnectionKey4, kBurst> keys;
    std::array<core::ConnectionTable<core::Connection4>::Place, kBurst> places;
    for (std::size_t i = 0; i < kBurst; ++i) {
      keys[i] = key_of(order.next() + (Miss ? flows : 0));
      places[i] = map.place_of(keys[i]);
      map.prefetch(places[i]);
    }
    for (std::size_t i = 0; i < kBurst; ++i) benchmark::DoNotOptimize(table.find(keys[i], places[i]));
  }
  count_packets(state);
}
BENCHMARK(ConnectionFind<false>)->Apply(flow_counts);
BENCHMARK(ConnectionFind<true>)->Apply(flow_counts);

struct StandardHash {
  core::HashSecret secret = core::process_hash_secret();
  std::size_t operator()(std::uint64_t word) const { return core::keyed_hash(word, secret); }
};

// The alternative: the same keys and hash in std::unordered_map.
template <bool Miss>
void UnorderedMapFind(benchmark::State& state) {
  const auto flows = static_cast<std::uint32_t>(state.range(0));
  std::unordered_map<std::uint64_t, core::Connection4, StandardHash> map;
  map.reserve(flows);
  for (std::uint32_t flow = 0; flow < flows; ++flow) map[key_of(flow).word] = core::Connection4{};
  FlowOrder order{flows};
  for (auto _ : state) {
    for (std::size_t i = 0; i < kBurst; ++i) {
      benchmark::DoNotOptimize(map.find(key_of(order.next() + (Miss ? flows : 0)).word));
    }
  }
  count_packets(state);
}
BENCHMARK(UnorderedMapFind<false>)->Apply(flow_counts);
BENCHMARK(UnorderedMapFind<true>)->Apply(flow_counts);

// Insert and erase in a table that is full to this percentage.
void ConnectionInsert(benchmark::State& state) {
  constexpr std::size_t kConnections = std::size_t{1} << 18;
  core::ConnectionTable<core::Connection4> table{kConnections};
  const auto target = table.slot_count() * static_cast<std::size_t>(state.range(0)) / 100;
  std::uint32_t youngest = 0;
  for (std::uint32_t tried = 0; table.used() < target && tried < 2 * table.slot_count(); ++tried, ++youngest) {
    static_cast<void>(table.insert(key_of(youngest), table.place_of(key_of(youngest))));
  }
  std::uint32_t oldest = 0;
  std::size_t refused = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < kBurst; ++i, ++youngest, ++oldest) {
      if (auto* const old = table.find(key_of(oldest), table.place_of(key_of(oldest)))) table.erase(*old);
      if (table.insert(key_of(youngest), table.place_of(key_of(youngest))) == nullptr) ++refused;
    }
  }
  state.counters["refused"] = benchmark::Counter(static_cast<double>(refused), benchmark::Counter::kAvgIterations);
  count_packets(state);
}
BENCHMARK(ConnectionInsert)->Arg(50)->Arg(80)->Arg(90)->Arg(95);

void UnorderedMapInsert(benchmark::State& state) {
  constexpr std::uint32_t kConnections = std::uint32_t{1} << 18;
  std::unordered_map<std::uint64_t, core::Connection4, StandardHash> map;
  map.reserve(kConnections);
  std::uint32_t youngest = 0;
  while (youngest < kConnections) map[key_of(youngest++).word] = core::Connection4{};
  std::uint32_t oldest = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < kBurst; ++i) {
      map.erase(key_of(oldest++).word);
      map[key_of(youngest++).word] = core::Connection4{};
    }
  }
  count_packets(state);
}
BENCHMARK(UnorderedMapInsert);

void Schedule(benchmark::State& state) {
  const auto kind = static_cast<SchedulerKind>(state.range(0));
  const auto snapshot = snapshot_for(static_cast<unsigned>(state.range(1)), kind);
  core::CounterBoard board{2};
  core::Scheduler scheduler{board};
  std::uint32_t client = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < kBurst; ++i) {
      const core::ServerId id = scheduler.pick(*snapshot, snapshot->service(0), {.address = ++client, .port = 0});
      board.server(0, id).active.add();
    }
  }
  constexpr std::array kNames{"rr", "wrr", "lc", "wlc", "mh"};
  state.SetLabel(kNames.at(static_cast<std::size_t>(state.range(0))));
  count_packets(state);
}
BENCHMARK(Schedule)->ArgsProduct({{0, 1, 2, 3, 4}, {3, 100}});

}  // namespace
}  // namespace penstock::bench

BENCHMARK_MAIN();
