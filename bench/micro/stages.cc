// What the stages of a packet's way cost by themselves, but for the connection table.
#include <string>

#include "bench/micro/per_packet.h"
#include "bench/traffic.h"
#include "dataplane/core/counters.h"
#include "dataplane/core/egress.h"
#include "dataplane/core/scheduler.h"
#include "dataplane/packet/checksum.h"
#include "dataplane/packet/plain_frame.h"
#include "dataplane/packet/tcp.h"

namespace penstock::bench {
namespace {

using core::kBurst;
using core::SchedulerKind;

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

// The checksum of an IPv4 header, as on each packet's way, and by the class that takes any bytes.
void Checksum(benchmark::State& state) {
  Traffic traffic{packet::tcp_flag::kAck};
  for (std::size_t i = 0; i < kBurst; ++i) traffic.write_flow(i, static_cast<std::uint32_t>(i));
  for (auto _ : state) {
    for (const core::Frame& frame : traffic.burst()) {
      benchmark::DoNotOptimize(packet::is_ipv4_base_header_intact(frame.data + packet::PlainFrame::kL3));
    }
  }
  count_packets(state);
}
BENCHMARK(Checksum);

void ChecksumOfAnyBytes(benchmark::State& state) {
  Traffic traffic{packet::tcp_flag::kAck};
  for (std::size_t i = 0; i < kBurst; ++i) traffic.write_flow(i, static_cast<std::uint32_t>(i));
  for (auto _ : state) {
    for (const core::Frame& frame : traffic.burst()) {
      packet::OnesComplementSum sum;
      sum.add({frame.data + packet::PlainFrame::kL3, 20});
      benchmark::DoNotOptimize(sum.is_intact());
    }
  }
  count_packets(state);
}
BENCHMARK(ChecksumOfAnyBytes);

// The new MAC addresses and the TTL; the TTL as the client sent it is written anew each burst, as a part of what is measured.
void Rewrite(benchmark::State& state) {
  Traffic traffic{packet::tcp_flag::kAck};
  for (std::size_t i = 0; i < kBurst; ++i) traffic.write_flow(i, static_cast<std::uint32_t>(i));
  const auto snapshot = snapshot_for(1, SchedulerKind::kRoundRobin);
  const core::RealServer& server = snapshot->server(core::ServerId{0});
  constexpr std::uint16_t kIpLength = 46;
  core::Verdict verdict{};
  for (auto _ : state) {
    for (const core::Frame& frame : traffic.burst()) {
      packet::overlay<packet::Ipv4Header>(frame.data + packet::PlainFrame::kL3).time_to_live = 64;
      benchmark::DoNotOptimize(core::Egress::takes_plain(frame.data, kIpLength, server));
      core::Egress::send_plain(frame.data, server, verdict);
    }
    benchmark::ClobberMemory();
  }
  count_packets(state);
}
BENCHMARK(Rewrite);

void Schedule(benchmark::State& state) {
  const auto kind = static_cast<SchedulerKind>(state.range(0));
  const auto snapshot = snapshot_for(static_cast<unsigned>(state.range(1)), kind);
  core::CounterBoard board{2};
  core::Scheduler scheduler{board};
  std::uint32_t client = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < kBurst; ++i) {
      const core::ServerId id =
          scheduler.pick(*snapshot, snapshot->service(0), [&client] { return core::Client{.address = ++client, .port = 0}; });
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
