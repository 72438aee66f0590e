// The daemon's forwarding between rings: DataPlane, Worker and core::Forwarder as they are, on two real worker threads. Only
// time is the test's: it stands still until the test lets some pass, so no outcome depends on how fast the machine is.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/core/forwarder.h"
#include "tests/dpdk/dpdk_environment.h"
#include "tests/support/rows.h"

namespace penstock::dpdk::testing {

// What a worker calls: the core's forwarder, with the test's clock in the place of the worker's, and exchangeable while the
// worker runs, because lcores and EAL are slow to start.
class SteeredForwarder {
 public:
  explicit SteeredForwarder(const std::atomic<core::Tick>& clock) : clock_{clock} {}

  // -- worker --
  void process(const core::Snapshot& snapshot, core::Tick, std::span<core::Frame> burst, std::span<core::Verdict> verdicts) {
    active_->process(snapshot, clock_.load(std::memory_order_relaxed), burst, verdicts);
  }
  void maintain(const core::Snapshot& snapshot, core::Tick) {
    if (core::Forwarder* const wanted = wanted_.load(std::memory_order_acquire); wanted != active_) {
      active_ = wanted;
      in_use_.store(wanted, std::memory_order_release);
    }
    if (active_ != nullptr) active_->maintain(snapshot, clock_.load(std::memory_order_relaxed));
  }
  static bool populate_some() { return false; }  // its tables are small
  [[nodiscard]] std::size_t take_released(std::span<core::Released> out) {
    return active_ == nullptr ? 0 : active_->take_released(out);
  }
  void on_drop(core::DropReason reason) { active_->on_drop(reason); }

  // -- test --
  // Takes effect in the worker's next loop. nullptr: the worker gets no frames.
  void use(core::Forwarder* forwarder) { wanted_.store(forwarder, std::memory_order_release); }
  // Once true, the worker has let go of the one before.
  [[nodiscard]] bool uses(const core::Forwarder* forwarder) const {
    return in_use_.load(std::memory_order_acquire) == forwarder;
  }

 private:
  const std::atomic<core::Tick>& clock_;
  core::Forwarder* active_ = nullptr;  // the worker's
  std::atomic<core::Forwarder*> wanted_{nullptr};
  std::atomic<core::Forwarder*> in_use_{nullptr};
};

// A frame that left.
struct Departure {
  core::PortIndex port = 0;
  unsigned queue = 0;  // worker i sends by queue i
  test::Bytes bytes;
};

// A frame that the kernel got.
struct ToKernel {
  core::PortIndex port = 0;
  core::PuntClass punt_class{};
  test::Bytes bytes;
};

// All functions are for the test's thread. What must come is waited for, up to `eventually`'s bound; a wait in vain is a
// failure.
class SteeredPlane {
 public:
  static constexpr unsigned kWorkers = 2;

  // With so many ports, each of two queues.
  explicit SteeredPlane(unsigned ports);
  ~SteeredPlane();
  SteeredPlane(const SteeredPlane&) = delete;
  SteeredPlane& operator=(const SteeredPlane&) = delete;

  // From the start: new connection tables, all counters 0. `situation.workers` workers take part; with one it is worker 0.
  // @pre settled, and nothing is held.
  void begin(const test::Situation& situation);
  // The workers' next loop goes by it.
  void publish(const test::Situation& situation);
  // Publishes and waits until no worker uses the one before.
  void change(const test::Situation& situation);
  // Frees the snapshots that are out of use. @return how many are left.
  std::size_t reclaim() { return plane_->reclaim(); }
  // Time passes, and the workers take notice.
  void let_pass(core::Tick ticks);

  // A frame comes in; in buffers of at most `segment` bytes, like from a device of usual buffers.
  void arrive(const test::Bytes& frame, core::PortIndex port = 0, unsigned queue = 0, std::size_t segment = SIZE_MAX);
  // Until every frame that has come has its verdict, and what can leave has left.
  void settle();
  // What has come out since the last call.
  [[nodiscard]] std::vector<Departure> take_departures();
  [[nodiscard]] std::vector<ToKernel> take_punted();

  // Since begin(), of all workers together.
  [[nodiscard]] std::uint64_t arrived() const { return arrived_; }
  [[nodiscard]] std::uint64_t acted(core::Action action) const;
  [[nodiscard]] std::uint64_t dropped(core::DropReason reason) const;
  // Since begin(), by one worker.
  [[nodiscard]] std::uint64_t handed_over_to(unsigned worker) const;
  [[nodiscard]] const core::CounterBoard& board() const { return *board_; }
  // Buffers of frames that came in and are still somewhere: held, or left but not taken yet.
  [[nodiscard]] unsigned buffers_in_use() const;

 private:
  using Plane = BasicDataPlane<SteeredForwarder, core::Snapshot, core::Released>;

  // Until each worker has run so many whole loops.
  void wait_loops(unsigned count);
  [[nodiscard]] std::uint64_t loops(unsigned worker) const;
  [[nodiscard]] std::uint64_t received() const;
  [[nodiscard]] std::uint64_t handed_over() const { return handed_over_to(0) + handed_over_to(1); }

  // Ended in the reverse order: the workers before what they use.
  std::vector<std::unique_ptr<RingWire>> wires_;
  std::atomic<core::Tick> clock_{0};
  std::unique_ptr<core::CounterBoard> board_;
  std::vector<std::unique_ptr<core::Forwarder>> cores_;
  std::array<SteeredForwarder, kWorkers> forwarders_{SteeredForwarder{clock_}, SteeredForwarder{clock_}};
  std::unique_ptr<Plane> plane_;
  std::uint32_t generation_ = 0;
  std::uint64_t arrived_ = 0;
  std::uint64_t received_before_ = 0;                         // by the time of begin()
  std::array<std::uint64_t, kWorkers> handed_over_before_{};  // the same
};

}  // namespace penstock::dpdk::testing
