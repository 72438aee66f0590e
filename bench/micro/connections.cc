// The connection table in a race with what could stand in its place (tables.h): connections found, missed, begun and ended.
#include "bench/micro/per_packet.h"
#include "bench/micro/tables.h"
#include "bench/traffic.h"

namespace penstock::bench {
namespace {

using core::kBurst;

core::ConnectionKey4 key_of(std::uint32_t flow) {
  return {packet::Ipv4Address{0x0a00'0000 | flow >> 8}, static_cast<std::uint16_t>(1024 + (flow & 0xff)), core::VirtualId{1}};
}

// By the number of flows; each table has room for a quarter more. `kMiss`: the keys aren't there. What is found is changed, as
// a packet changes its connection's time.
template <typename Table, bool kMiss>
void find(benchmark::State& state) {
  const auto flows = static_cast<std::uint32_t>(state.range(0));
  Table table{std::max<std::size_t>(64, flows + flows / 4)};
  for (std::uint32_t flow = 0; flow < flows; ++flow) {
    if (!table.insert(key_of(flow))) state.SkipWithError("there was no room");
  }
  FlowOrder order{flows};
  Keys keys;
  Connections found{};
  core::Tick now = 0;
  for (auto _ : state) {
    for (auto& key : keys) key = key_of(order.next() + (kMiss ? flows : 0));
    table.find(keys, found);
    ++now;
    for (core::Connection4* const connection : found) {
      if (connection != nullptr) connection->expires = now;
    }
    benchmark::ClobberMemory();
  }
  if ((found[0] == nullptr) != kMiss) state.SkipWithError("found what isn't there, or not what is");
  count_packets(state);
}

template <typename Table>
void Hit(benchmark::State& state) {
  find<Table, false>(state);
}
template <typename Table>
void Miss(benchmark::State& state) {
  find<Table, true>(state);
}
BENCHMARK(Hit<OwnTable>)->Apply(flow_counts);
BENCHMARK(Hit<DpdkTable<false>>)->Apply(flow_counts);
BENCHMARK(Hit<DpdkTable<true>>)->Apply(flow_counts);
BENCHMARK(Hit<ChainedTable>)->Apply(flow_counts);
BENCHMARK(Miss<OwnTable>)->Apply(flow_counts);
BENCHMARK(Miss<DpdkTable<false>>)->Apply(flow_counts);
BENCHMARK(Miss<DpdkTable<true>>)->Apply(flow_counts);
BENCHMARK(Miss<ChainedTable>)->Apply(flow_counts);

// The oldest connection ends and a new one begins, in a table that is used to this percentage of its room (2^18).
template <typename Table>
void Renew(benchmark::State& state) {
  constexpr std::size_t kRoom = std::size_t{1} << 18;
  Table table{kRoom};
  std::uint32_t youngest = 0;
  for (const auto target = kRoom * static_cast<std::size_t>(state.range(0)) / 100; youngest < target; ++youngest) {
    static_cast<void>(table.insert(key_of(youngest)));
  }
  std::uint32_t oldest = 0;
  std::size_t refused = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < kBurst; ++i, ++youngest, ++oldest) {
      table.erase(key_of(oldest));
      if (!table.insert(key_of(youngest))) ++refused;
    }
  }
  state.counters["refused"] = benchmark::Counter(static_cast<double>(refused), benchmark::Counter::kAvgIterations);
  count_packets(state);
}
void percentages(benchmark::internal::Benchmark* of) { of->Arg(50)->Arg(90)->Arg(100); }
BENCHMARK(Renew<OwnTable>)->Apply(percentages);
BENCHMARK(Renew<DpdkTable<false>>)->Apply(percentages);
BENCHMARK(Renew<DpdkTable<true>>)->Apply(percentages);
BENCHMARK(Renew<ChainedTable>)->Apply(percentages);

// The sweep of a table in which nothing has ended, by its room: for each of its buckets, of four connections.
void Sweep(benchmark::State& state) {
  const auto room = static_cast<std::uint32_t>(state.range(0));
  core::ConnectionTable<core::Connection4> table{room};
  for (std::uint32_t flow = 0; flow < room; ++flow) {
    if (auto* const connection = table.insert(key_of(flow), table.place_of(key_of(flow)))) connection->expires = 1;
  }
  for (auto _ : state) table.sweep(kBurst, 0, [](const core::Connection4&) {});
  count_packets(state);
}
BENCHMARK(Sweep)->Arg(1 << 17)->Arg(1 << 20);

}  // namespace
}  // namespace penstock::bench
