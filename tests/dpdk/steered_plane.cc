#include "tests/dpdk/steered_plane.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace penstock::dpdk::testing {
namespace {

constexpr std::size_t kSegment = 2048;
// maintain() sweeps 32 buckets at once and a loop is a fraction of a tick: enough loops for all of a small table.
constexpr unsigned kLoopsToSweep = 32;

}  // namespace

SteeredPlane::SteeredPlane(unsigned ports) {
  std::vector<PortSpec> specs;
  for (unsigned i = 0; i < ports; ++i) {
    wires_.push_back(std::make_unique<RingWire>(
        RingWire::Size{.receive_queues = kWorkers, .transmit_queues = kWorkers, .transmit_room = 4096}));
    specs.push_back(wires_.back()->spec(fmt::format("eth{}", i)));
  }
  PortSetup setup;
  setup.workers = kWorkers;
  auto open = PortSet::open(specs, setup);
  if (!open) throw std::runtime_error{open.error()};
  show_order_of_wires(**open);
  // The worker's limits go by its own clock: out of the way.
  DataPlaneOptions options;
  options.neighbour = options.other = {1U << 30U, 1U << 30U};
  auto plane = Plane::make(*std::move(open), options);
  if (!plane) throw std::runtime_error{plane.error()};
  plane_ = *std::move(plane);
  const std::array<SteeredForwarder*, kWorkers> pointers{&forwarders_[0], &forwarders_[1]};
  plane_->start(eal().worker_lcores(), pointers, core::SnapshotBuilder{}.build());
}

// The workers end before the buffers that they may still hold are counted by the wires.
SteeredPlane::~SteeredPlane() { plane_.reset(); }

void SteeredPlane::begin(const test::Situation& situation) {
  auto board = std::make_unique<core::CounterBoard>(situation.workers);
  std::vector<std::unique_ptr<core::Forwarder>> cores;
  for (unsigned i = 0; i < kWorkers; ++i) {
    if (i < situation.workers) {
      cores.push_back(
          std::make_unique<core::Forwarder>(*board, core::Forwarder::Options{.self = static_cast<core::WorkerIndex>(i),
                                                                             .connections4 = situation.connections4,
                                                                             .connections6 = situation.connections6}));
    }
    core::Forwarder* const forwarder = i < situation.workers ? cores.back().get() : nullptr;
    forwarders_[i].use(forwarder);
    ASSERT_TRUE(eventually([&] { return forwarders_[i].uses(forwarder); }));
  }
  cores_ = std::move(cores);
  board_ = std::move(board);
  generation_ = 0;
  arrived_ = 0;
  received_before_ += received();
  for (unsigned i = 0; i < kWorkers; ++i) handed_over_before_[i] += handed_over_to(i);
  change(situation);
}

void SteeredPlane::publish(const test::Situation& situation) { plane_->publish(snapshot_of(situation, ++generation_)); }

void SteeredPlane::change(const test::Situation& situation) {
  publish(situation);
  ASSERT_TRUE(eventually([&] { return reclaim() == 0; }));
}

void SteeredPlane::let_pass(core::Tick ticks) {
  if (ticks == 0) return;
  clock_.fetch_add(ticks, std::memory_order_relaxed);
  wait_loops(kLoopsToSweep);
}

void SteeredPlane::arrive(const test::Bytes& frame, core::PortIndex port, unsigned queue, std::size_t segment) {
  wires_[port]->arrive(frame, queue, std::min(segment, kSegment));
  ++arrived_;
}

// Settled when all that has come was received, all that was handed over has been taken, and a loop of each worker later no
// more has been handed over.
void SteeredPlane::settle() {
  ASSERT_TRUE(eventually([&] { return received() == arrived_; })) << received() << " of " << arrived_;
  const auto taken = [&] {
    return acted(core::Action::kHandOver) == handed_over() + dropped(core::DropReason::kHandoverRingFull);
  };
  std::uint64_t before = 0;
  do {
    before = handed_over();
    wait_loops(1);
    ASSERT_TRUE(eventually(taken));
  } while (handed_over() != before);
}

std::vector<Departure> SteeredPlane::take_departures() {
  std::vector<Departure> all;
  for (std::size_t port = 0; port < wires_.size(); ++port) {
    for (unsigned queue = 0; queue < kWorkers; ++queue) {
      while (auto bytes = wires_[port]->left(queue))
        all.push_back({static_cast<core::PortIndex>(port), queue, *std::move(bytes)});
    }
  }
  return all;
}

std::vector<ToKernel> SteeredPlane::take_punted() {
  std::vector<ToKernel> all;
  const auto take = [&](const PuntedFrame& frame) {
    all.push_back({frame.port, frame.punt_class, {frame.bytes.begin(), frame.bytes.end()}});
  };
  for (std::size_t i = 0; i < core::kPuntClassCount; ++i)
    plane_->exchange().drain(static_cast<core::PuntClass>(i), SIZE_MAX, take);
  return all;
}

std::uint64_t SteeredPlane::acted(core::Action action) const {
  std::uint64_t count = 0;
  for (unsigned i = 0; i < board_->workers(); ++i)
    count += board_->worker(static_cast<core::WorkerIndex>(i)).actions[static_cast<std::size_t>(action)].get();
  return count;
}

std::uint64_t SteeredPlane::dropped(core::DropReason reason) const {
  std::uint64_t count = 0;
  for (unsigned i = 0; i < board_->workers(); ++i)
    count += board_->worker(static_cast<core::WorkerIndex>(i)).drops[static_cast<std::size_t>(reason)].get();
  return count;
}

std::uint64_t SteeredPlane::handed_over_to(unsigned worker) const {
  return plane_->worker(worker).handed_over.get() - handed_over_before_[worker];
}

unsigned SteeredPlane::buffers_in_use() const {
  unsigned count = 0;
  for (const auto& wire : wires_) count += wire->in_use();
  return count;
}

std::uint64_t SteeredPlane::received() const {
  std::uint64_t count = 0;
  for (unsigned i = 0; i < kWorkers; ++i) count += plane_->worker(i).received.get();
  return count - received_before_;
}

std::uint64_t SteeredPlane::loops(unsigned worker) const {
  return plane_->worker(worker).busy_loops.get() + plane_->worker(worker).idle_loops.get();
}

// One more than asked for: the loop that each is in the middle of.
void SteeredPlane::wait_loops(unsigned count) {
  std::array<std::uint64_t, kWorkers> begin{};
  for (unsigned i = 0; i < kWorkers; ++i) begin[i] = loops(i);
  for (unsigned i = 0; i < kWorkers; ++i) {
    ASSERT_TRUE(eventually([&] { return loops(i) > begin[i] + count; }));
  }
}

}  // namespace penstock::dpdk::testing
