#include "bench/scenes.h"

#include <algorithm>
#include <span>

#include "dataplane/packet/tcp.h"

namespace penstock::bench {
namespace {

// The sync thread's part.
void take_all(core::SyncOutbox& outbox) {
  std::array<core::SyncRecord, 64> records;
  while (outbox.take(records) != 0) {
  }
}

}  // namespace

EstablishedFlows::EstablishedFlows(std::uint32_t flows, unsigned virtual_routers, Sync sync)
    : sync_{sync},
      forwarder_{board_,
                 {.connections4 = kRoom,
                  .connections6 = 1,
                  .standby = sync == Sync::kNone ? nullptr : &standby_,
                  .outbox = sync == Sync::kNone ? nullptr : &outbox_}},
      snapshot_{snapshot_for(16, core::SchedulerKind::kRoundRobin, 0, virtual_routers)},
      traffic_{packet::tcp_flag::kAck, virtual_routers == 0 ? kPortMac : virtual_mac(virtual_routers)},
      order_{flows} {
  if (sync == Sync::kStandby) {
    const core::StandbyConnection waiting{
        .server = core::ServerId{0}, .state = core::ConnectionState::kEstablished, .expires = 9};
    standby_.ipv4.put({packet::Ipv4Address{0x0b00'0001}, 1024, core::VirtualId{1}}, waiting, 0);
  }
  if (sync >= Sync::kOpen) outbox_.open();
  Traffic syn{packet::tcp_flag::kSyn};
  for (std::uint32_t flow = 0; flow < flows; ++flow) {
    syn.write_flow(0, flow);
    forwarder_.process(*snapshot_, 0, std::span{syn.burst()}.first(1), verdicts_);
    take_all(outbox_);
  }
}

void EstablishedFlows::receive() {
  for (std::size_t i = 0; i < core::kBurst; ++i) traffic_.write_flow(i, order_.next());
}

void EstablishedFlows::process(const core::Snapshot& snapshot) {
  forwarder_.process(snapshot, 1, traffic_.burst(), verdicts_);
  if (sync_ >= Sync::kOpen) take_all(outbox_);
  forwarded_ += verdicts_[0].action == core::Action::kForward ? 1 : 0;
}

NewFlows::NewFlows(std::size_t room, bool is_synced, bool is_full)
    : is_synced_{is_synced},
      forwarder_{board_, {.connections4 = room, .connections6 = 1, .outbox = is_synced ? &outbox_ : nullptr}},
      snapshot_{snapshot_for(16, core::SchedulerKind::kRoundRobin)},
      traffic_{packet::tcp_flag::kSyn},
      packets_per_tick_{std::max<std::size_t>(1, (is_full ? 2 * room : room * 2 / 5) / (60 * core::kTicksPerSecond))},
      sweeps_{is_full ? 1U : 4U} {
  if (is_synced) outbox_.open();
  for (std::size_t packets = 0; is_full && packets < 2 * room; packets += core::kBurst) {
    receive();
    process();
  }
  forwarded_ = 0;
}

void NewFlows::receive() {
  for (std::size_t i = 0; i < core::kBurst; ++i) traffic_.write_flow(i, static_cast<std::uint32_t>(flow_++));
}

void NewFlows::process() {
  forwarder_.process(*snapshot_, now_, traffic_.burst(), verdicts_);
  if (is_synced_) take_all(outbox_);
  now_ = static_cast<core::Tick>(flow_ / packets_per_tick_);
  for (unsigned i = 0; i < sweeps_; ++i) forwarder_.maintain(*snapshot_, now_);
  forwarded_ += verdicts_[0].action == core::Action::kForward ? 1 : 0;
}

}  // namespace penstock::bench
