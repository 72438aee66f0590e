// What a packet costs in the core as a whole, by the number of flows.
//
// Traffic::write_flow, which stands for the NIC, is measured by itself (Floor) and is part of Process: subtract it.
#include <string>

#include "bench/micro/per_packet.h"
#include "bench/scenes.h"
#include "bench/traffic.h"
#include "dataplane/packet/tcp.h"

namespace penstock::bench {
namespace {

using core::kBurst;

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

// By the room in the table. With 1 as second argument the peer is told of each, with 2 the table is full.
void ProcessNew(benchmark::State& state) {
  NewFlows scene{static_cast<std::size_t>(state.range(0)), state.range(1) == 1, state.range(1) == 2};
  for (auto _ : state) {
    scene.receive();
    scene.process();
  }
  count_packets(state);
}
BENCHMARK(ProcessNew)->ArgsProduct({{1 << 17, 1 << 20}, {0, 1, 2}});

}  // namespace
}  // namespace penstock::bench
