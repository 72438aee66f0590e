// A worker: the loop that takes frames from devices and rings, has the core judge them, and carries its verdicts out.
//
// Everything it owns is its own: the forwarder with its connections, a receive queue or more, a transmit queue on each port. It
// reads one shared object (the snapshot, once a loop) and reports itself quiescent once a loop. No lock, no allocation, no
// system call for a packet; compiled without exceptions. A template so that tests can put a scripted forwarder in the place of
// the real one.
#pragma once

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_pause.h>
#include <rte_prefetch.h>
#include <sys/prctl.h>

#include <array>
#include <atomic>
#include <ctime>
#include <span>
#include <utility>
#include <vector>

#include "dataplane/core/frame.h"
#include "dataplane/core/token_bucket.h"
#include "dataplane/dpdk/exchange.h"
#include "dataplane/dpdk/idle.h"
#include "dataplane/dpdk/packet_pool.h"
#include "dataplane/dpdk/rcu.h"
#include "dataplane/dpdk/stage_clock.h"
#include "dataplane/dpdk/tick_clock.h"
#include "dataplane/dpdk/transmitter.h"
#include "dataplane/dpdk/worker_counters.h"

namespace penstock::dpdk {

struct ReceiveQueue {
  std::uint16_t device = 0;
  std::uint16_t queue = 0;
  core::PortIndex port = 0;
};

// Frames a second and at once, of one worker, to the kernel.
struct PuntLimit {
  std::uint32_t per_second = 0;
  std::uint32_t burst = 0;
};

struct WorkerSetup {
  core::WorkerIndex index = 0;
  std::vector<ReceiveQueue> queues;
  std::vector<core::PortIndex> home_ports;  // whose injected frames this worker sends
  IdleMode idle = IdleMode::kPoll;
  std::uint64_t start_tsc = 0;  // of tick 0; the same for all workers
  PuntLimit neighbour;
  PuntLimit other;
};

// `Released` is what Forwarder::take_released() gives: a frame and its verdict.
template <typename Forwarder, typename Snapshot, typename Released>
class Worker {
 public:
  using Publisher = RcuPublisher<Snapshot>;

  // @pre the publisher has published; forwarder, publisher and exchange outlive the worker.
  Worker(WorkerSetup setup, Forwarder& forwarder, Publisher& publisher, Exchange& exchange, const PortSet& ports);

  // The loop, on the worker's own thread, until stop().
  void run();

  // Any thread.
  void stop() { stop_.store(true, std::memory_order_release); }
  // Whether run() has ended; if so, all that it did is seen by the thread that asks.
  [[nodiscard]] bool has_ended() const { return ended_.load(std::memory_order_acquire); }
  [[nodiscard]] const WorkerCounters& counters() const { return counters_; }
  [[nodiscard]] StageClock& stages() { return stages_; }

 private:
  // What one loop goes by.
  struct Now {
    const Snapshot& snapshot;
    std::uint64_t tsc;
    core::Tick tick;
  };

  // Where frames come from. Each returns how many came.
  unsigned send_injected();
  unsigned receive_handed_over(const Now& now);
  unsigned receive(const Now& now, const ReceiveQueue& queue);

  void process(const Now& now, unsigned count);  // so many of packets_ and frames_
  void settle_released(const Now& now);
  void apply(const Now& now, const core::Frame& frame, const core::Verdict& verdict);
  void punt(const Now& now, const core::Frame& frame, core::PuntClass punt_class);
  void hand_over(const core::Frame& frame, const core::Verdict& verdict);
  void drop(rte_mbuf* packet, core::DropReason reason);
  void count_unsent(unsigned packets);
  std::uint64_t finish_loop(const Now& now, unsigned work);  // the counter at its end
  void sleep();

  // Into its place field by field: a frame made elsewhere and copied is read back wider than it was written, and the processor
  // waits for each.
  static void take(core::Frame& frame, rte_mbuf* packet, core::PortIndex port);
  [[nodiscard]] static rte_mbuf* packet_of(const core::Frame& frame) { return static_cast<rte_mbuf*>(frame.buffer); }
  static void trim_to_reply(rte_mbuf* packet, std::uint16_t length);

  const WorkerSetup setup_;
  Forwarder& forwarder_;
  typename Publisher::Reader reader_;
  Exchange& exchange_;
  Transmitter transmitter_;
  TickClock clock_;
  IdlePolicy idle_;
  core::TokenBucket neighbour_limit_;
  core::TokenBucket other_limit_;
  std::array<bool, kTakerCount> punted_{};          // in this loop
  std::array<rte_mbuf*, core::kBurst> packets_{};   // of the burst at hand
  std::array<core::Frame, core::kBurst> frames_{};  // the same
  std::array<core::Verdict, core::kBurst> verdicts_{};
  std::array<Released, core::kBurst> released_{};
  WorkerCounters counters_;
  StageClock stages_;
  bool lacks_memory_ = true;  // the forwarder
  std::atomic<bool> stop_{false};
  std::atomic<bool> ended_{false};
};

template <typename Forwarder, typename Snapshot, typename Released>
Worker<Forwarder, Snapshot, Released>::Worker(WorkerSetup setup, Forwarder& forwarder, Publisher& publisher, Exchange& exchange,
                                              const PortSet& ports)
    : setup_{std::move(setup)},
      forwarder_{forwarder},
      reader_{publisher, setup_.index},
      exchange_{exchange},
      clock_{setup_.start_tsc, rte_get_tsc_hz()},
      idle_{setup_.idle, rte_get_tsc_hz()},
      neighbour_limit_{setup_.neighbour.per_second, setup_.neighbour.burst},
      other_limit_{setup_.other.per_second, setup_.other.burst} {
  for (std::size_t i = 0; i < ports.size(); ++i) transmitter_.attach(ports[i].index(), ports[i].device_id(), setup_.index);
}

template <typename Forwarder, typename Snapshot, typename Released>
void Worker<Forwarder, Snapshot, Released>::run() {
  prctl(PR_SET_TIMERSLACK, 1000UL);  // nanoseconds: else sleeps of 100 us take 150
  reader_.online();
  std::uint64_t tsc = rte_rdtsc();  // read once a loop: where one ends, the next begins
  while (!stop_.load(std::memory_order_acquire)) {
    const Now now{*reader_.get(), tsc, clock_.at(tsc)};
    stages_.begin_loop(tsc);
    unsigned work = send_injected();
    work += receive_handed_over(now);
    for (const ReceiveQueue& queue : setup_.queues) work += receive(now, queue);
    forwarder_.maintain(now.snapshot, now.tick);
    settle_released(now);
    stages_.end(Stage::kMaintain);
    tsc = finish_loop(now, work);
  }
  (void)send_injected();  // what came before stop(): a master that goes resigns with its last frame
  count_unsent(transmitter_.flush_all());
  reader_.offline();
  transmitter_.give_up_urgent();
  ended_.store(true, std::memory_order_release);
}

template <typename Forwarder, typename Snapshot, typename Released>
std::uint64_t Worker<Forwarder, Snapshot, Released>::finish_loop(const Now& now, unsigned work) {
  count_unsent(transmitter_.flush_all());
  counters_.sent.add(transmitter_.take_sent());
  for (std::size_t i = 0; i < kTakerCount; ++i) {
    if (std::exchange(punted_[i], false)) exchange_.bell(static_cast<Taker>(i)).ring();
  }
  reader_.quiescent();
  stages_.end(Stage::kSend);
  stages_.end_loop(work > 0);
  (work > 0 ? counters_.busy_loops : counters_.idle_loops).add();
  if (work == 0 && lacks_memory_) lacks_memory_ = forwarder_.populate_some();
  switch (idle_.after_loop(work > 0, now.tsc)) {
    case IdlePolicy::Step::kPoll: break;
    case IdlePolicy::Step::kPause: rte_pause(); break;
    case IdlePolicy::Step::kSleep: sleep(); break;
  }
  const std::uint64_t end = rte_rdtsc();
  if (work > 0) counters_.busy_cycles.add(end - now.tsc);
  return end;
}

// Offline, so that no publisher waits for a sleeper.
template <typename Forwarder, typename Snapshot, typename Released>
void Worker<Forwarder, Snapshot, Released>::sleep() {
  counters_.sleeps.add();
  reader_.offline();
  const timespec span{0, IdlePolicy::kSleepNanoseconds};
  clock_nanosleep(CLOCK_MONOTONIC, 0, &span, nullptr);
  reader_.online();
}

template <typename Forwarder, typename Snapshot, typename Released>
unsigned Worker<Forwarder, Snapshot, Released>::send_injected() {
  unsigned work = 0;
  std::array<rte_mbuf*, core::kBurst> packets;
  for (const core::PortIndex port : setup_.home_ports) {
    while (transmitter_.takes_urgent(port)) {
      const unsigned count = exchange_.urgent(port).pop(packets);
      if (count == 0) break;
      transmitter_.send_urgent(port, std::span{packets}.first(count));
      work += count;
    }
  }
  for (const core::PortIndex port : setup_.home_ports) {
    const unsigned count = exchange_.bulk(port).pop(packets);
    for (unsigned i = 0; i < count; ++i) count_unsent(transmitter_.send(port, packets[i]));
    work += count;
  }
  if (work > 0) counters_.injected.add(work);
  return work;
}

template <typename Forwarder, typename Snapshot, typename Released>
unsigned Worker<Forwarder, Snapshot, Released>::receive_handed_over(const Now& now) {
  const unsigned count = exchange_.hand_over(setup_.index).pop(packets_);
  if (count == 0) {
    stages_.end(Stage::kRings);
    return 0;
  }
  for (unsigned i = 0; i < count; ++i) {
    const PacketNote& note = note_of(packets_[i]);
    take(frames_[i], packets_[i], note.port);
    frames_[i].transit = note.transit;
  }
  counters_.handed_over.add(count);
  stages_.end(Stage::kRings);
  process(now, count);
  return count;
}

template <typename Forwarder, typename Snapshot, typename Released>
unsigned Worker<Forwarder, Snapshot, Released>::receive(const Now& now, const ReceiveQueue& queue) {
  const unsigned count = rte_eth_rx_burst(queue.device, queue.queue, packets_.data(), core::kBurst);
  if (count == 0) return 0;
  const core::PortIndex port = queue.port;
  for (unsigned i = 0; i < count; ++i) {
    take(frames_[i], packets_[i], port);
    rte_prefetch0(frames_[i].data);
  }
  counters_.received.add(count);
  stages_.end(Stage::kReceive);
  process(now, count);
  return count;
}

template <typename Forwarder, typename Snapshot, typename Released>
void Worker<Forwarder, Snapshot, Released>::process(const Now& now, unsigned count) {
  forwarder_.process(now.snapshot, now.tick, std::span{frames_}.first(count), std::span{verdicts_}.first(count));
  stages_.end(Stage::kForward);
  unsigned next = 0;
  while (next < count) {
    // Mostly the whole burst leaves by one port.
    const unsigned first = next;
    const core::PortIndex port = verdicts_[first].port;
    while (next < count && verdicts_[next].action == core::Action::kForward && verdicts_[next].port == port) ++next;
    if (next == first) {
      apply(now, frames_[next], verdicts_[next]);
      ++next;
    } else {
      count_unsent(transmitter_.send(port, std::span{packets_}.subspan(first, next - first)));
    }
  }
  settle_released(now);
  stages_.end(Stage::kSend);
}

template <typename Forwarder, typename Snapshot, typename Released>
void Worker<Forwarder, Snapshot, Released>::settle_released(const Now& now) {
  while (const std::size_t count = forwarder_.take_released(released_)) {
    for (std::size_t i = 0; i < count; ++i) apply(now, released_[i].frame, released_[i].verdict);
  }
}

template <typename Forwarder, typename Snapshot, typename Released>
void Worker<Forwarder, Snapshot, Released>::apply(const Now& now, const core::Frame& frame, const core::Verdict& verdict) {
  rte_mbuf* const packet = packet_of(frame);
  switch (verdict.action) {
    case core::Action::kForward: count_unsent(transmitter_.send(verdict.port, packet)); break;
    case core::Action::kReply:
      trim_to_reply(packet, verdict.length);
      count_unsent(transmitter_.send(verdict.port, packet));
      break;
    case core::Action::kPunt: punt(now, frame, verdict.punt); break;
    case core::Action::kHandOver: hand_over(frame, verdict); break;
    case core::Action::kHold: break;
    case core::Action::kDrop: rte_pktmbuf_free(packet); break;
  }
}

template <typename Forwarder, typename Snapshot, typename Released>
void Worker<Forwarder, Snapshot, Released>::punt(const Now& now, const core::Frame& frame, core::PuntClass punt_class) {
  rte_mbuf* const packet = packet_of(frame);
  const bool allowed = (punt_class != core::PuntClass::kNeighbour || neighbour_limit_.take(now.tick)) &&
                       (punt_class != core::PuntClass::kOther || other_limit_.take(now.tick));
  if (!allowed) return drop(packet, core::DropReason::kPuntLimited);
  PacketNote& note = note_of(packet);
  note.arrival_tsc = now.tsc;
  note.port = frame.port;
  if (!exchange_.punts(setup_.index, punt_class).push(packet)) return drop(packet, core::DropReason::kPuntRingFull);
  punted_[static_cast<std::size_t>(taker_of(punt_class))] = true;
}

template <typename Forwarder, typename Snapshot, typename Released>
void Worker<Forwarder, Snapshot, Released>::hand_over(const core::Frame& frame, const core::Verdict& verdict) {
  rte_mbuf* const packet = packet_of(frame);
  PacketNote& note = note_of(packet);
  note.transit = verdict.transit;
  note.port = frame.port;
  if (!exchange_.hand_over(verdict.worker).push(packet)) drop(packet, core::DropReason::kHandoverRingFull);
}

template <typename Forwarder, typename Snapshot, typename Released>
void Worker<Forwarder, Snapshot, Released>::drop(rte_mbuf* packet, core::DropReason reason) {
  forwarder_.on_drop(reason);
  rte_pktmbuf_free(packet);
}

// The packets are freed already.
template <typename Forwarder, typename Snapshot, typename Released>
void Worker<Forwarder, Snapshot, Released>::count_unsent(unsigned packets) {
  for (; packets > 0; --packets) forwarder_.on_drop(core::DropReason::kTxQueueFull);
}

template <typename Forwarder, typename Snapshot, typename Released>
void Worker<Forwarder, Snapshot, Released>::take(core::Frame& frame, rte_mbuf* packet, core::PortIndex port) {
  frame.data = rte_pktmbuf_mtod(packet, std::byte*);
  frame.length = rte_pktmbuf_data_len(packet);
  frame.capacity = static_cast<std::uint16_t>(packet->buf_len - packet->data_off);
  frame.packet_length = rte_pktmbuf_pkt_len(packet);
  frame.port = port;
  frame.transit = {};
  frame.buffer = packet;
}

// A reply stands in the first buffer; what followed of the packet that it answers goes.
template <typename Forwarder, typename Snapshot, typename Released>
void Worker<Forwarder, Snapshot, Released>::trim_to_reply(rte_mbuf* packet, std::uint16_t length) {
  rte_pktmbuf_free(packet->next);
  packet->next = nullptr;
  packet->nb_segs = 1;
  packet->data_len = length;
  packet->pkt_len = length;
}

}  // namespace penstock::dpdk
