// The data plane as control sees it: ports, workers on their threads, the snapshot they go by, and the way to and from the
// kernel.
//
//   auto eal = Eal::start(...);                        one in the process
//   auto ports = PortSet::open(specs, {.workers = 2});
//   DataPlane plane{std::move(*ports), options};        ports().workers() may be fewer than asked
//   plane.start(eal->worker_lcores(), forwarders, std::move(first_snapshot));
//   ... plane.publish(...); plane.reclaim(); plane.exchange().inject(...); ...
//   plane.stop();                                       also at its end; the Eal is ended after it
#pragma once

#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_lcore.h>

#include <cstdlib>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dataplane/core/forwarder.h"
#include "dataplane/core/snapshot.h"
#include "dataplane/dpdk/exchange.h"
#include "dataplane/dpdk/port_set.h"
#include "dataplane/dpdk/rcu.h"
#include "dataplane/dpdk/worker.h"

namespace penstock::dpdk {

struct DataPlaneOptions {
  std::optional<IdleMode> idle;    // else: sleep when all ports are virtual
  PuntLimit neighbour{2000, 500};  // of all workers together; each gets its share
  PuntLimit other{20000, 2000};
};

// What each worker is set up with. Worker i serves queue i of each port; a port with fewer queues begins at the worker of its
// own number, so that ports of one queue are spread.
[[nodiscard]] std::vector<WorkerSetup> plan_workers(const PortSet& ports, const DataPlaneOptions& options);

// Control-owned.
template <typename Forwarder, typename Snapshot, typename Released>
class BasicDataPlane {
 public:
  [[nodiscard]] static std::expected<std::unique_ptr<BasicDataPlane>, std::string> make(std::unique_ptr<PortSet> ports,
                                                                                        const DataPlaneOptions& options = {}) {
    auto exchange = Exchange::make(*ports);
    if (!exchange) return std::unexpected(exchange.error());
    return std::unique_ptr<BasicDataPlane>{new BasicDataPlane{std::move(ports), *std::move(exchange), options}};
  }
  ~BasicDataPlane() {
    stop();
    // Transmit queues of real NICs keep what they have sent until they need its place: packets of the exchange's pools too.
    ports_->close();
  }
  BasicDataPlane(const BasicDataPlane&) = delete;
  BasicDataPlane& operator=(const BasicDataPlane&) = delete;

  // Starts the workers. `lcores`: Eal::worker_lcores(). `forwarders`: one for each worker, alive until stop(). Once.
  // @pre lcores and forwarders are not fewer than ports().workers(), first is not null.
  void start(std::span<const unsigned> lcores, std::span<Forwarder* const> forwarders, std::unique_ptr<const Snapshot> first) {
    publisher_.publish(std::move(first));
    for (WorkerSetup& setup : plan_workers(*ports_, options_)) {
      start_tsc_ = setup.start_tsc;
      const core::WorkerIndex index = setup.index;
      workers_.push_back(std::make_unique<Worker>(std::move(setup), *forwarders[index], publisher_, *exchange_, *ports_));
      lcores_.push_back(lcores[index]);
    }
    for (std::size_t i = 0; i < workers_.size(); ++i) rte_eal_remote_launch(run_worker, workers_[i].get(), lcores_[i]);
  }

  // Ends the workers and waits for them: at most one loop. Urgent frames that were injected before still leave, as far as the
  // transmit queues have room. What else they hold goes with this object.
  void stop() {
    for (const auto& worker : workers_) worker->stop();
    for (const unsigned lcore : lcores_) rte_eal_wait_lcore(lcore);
    // Orders what the workers did before what follows, also for ThreadSanitizer, which can't look into DPDK's own waiting.
    for (const auto& worker : workers_) {
      if (!worker->has_ended()) std::abort();
    }
    lcores_.clear();
  }

  // What workers forward by from their next loop on. Never waits.
  void publish(std::unique_ptr<const Snapshot> snapshot) { publisher_.publish(std::move(snapshot)); }
  // Frees snapshots that no worker reads any more; to be called now and then. @return how many are left.
  std::size_t reclaim() { return publisher_.reclaim(); }

  // What tells the workers' time now, for one other thread. After start().
  [[nodiscard]] std::function<core::Tick()> ticks() const {
    return [clock = TickClock{start_tsc_, rte_get_tsc_hz()}]() mutable { return clock.at(rte_rdtsc()); };
  }

  [[nodiscard]] Exchange& exchange() { return *exchange_; }
  [[nodiscard]] const PortSet& ports() const { return *ports_; }
  [[nodiscard]] PortSet& ports() { return *ports_; }
  [[nodiscard]] const WorkerCounters& worker(std::size_t index) const { return workers_[index]->counters(); }
  [[nodiscard]] const StageClock& stages(std::size_t index) const { return workers_[index]->stages(); }
  // Whether workers shall measure where their cycles go.
  void measure_stages(bool on) {
    for (const auto& worker : workers_) worker->stages().measure(on);
  }
  // Of the time stamp counter.
  [[nodiscard]] static std::uint64_t cycles_per_second() { return rte_get_tsc_hz(); }
  // The CPU that a worker's thread is bound to; the first of them where it may run on several. Between start() and stop().
  [[nodiscard]] unsigned cpu_of(std::size_t index) const {
    return static_cast<unsigned>(rte_lcore_to_cpu_id(static_cast<int>(lcores_[index])));
  }

 private:
  using Worker = dpdk::Worker<Forwarder, Snapshot, Released>;

  BasicDataPlane(std::unique_ptr<PortSet> ports, std::unique_ptr<Exchange> exchange, const DataPlaneOptions& options)
      : options_{options}, ports_{std::move(ports)}, exchange_{std::move(exchange)}, publisher_{ports_->workers()} {}

  static int run_worker(void* worker) {
    static_cast<Worker*>(worker)->run();
    return 0;
  }

  // Ended in the reverse order, after the ports were closed: workers, rings with the packets in them and the pools of injected
  // packets, the ports' own pools.
  DataPlaneOptions options_;
  std::unique_ptr<PortSet> ports_;
  std::unique_ptr<Exchange> exchange_;
  RcuPublisher<Snapshot> publisher_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<unsigned> lcores_;
  std::uint64_t start_tsc_ = 0;
};

extern template class Worker<core::Forwarder, core::Snapshot, core::Released>;
using DataPlane = BasicDataPlane<core::Forwarder, core::Snapshot, core::Released>;

}  // namespace penstock::dpdk
