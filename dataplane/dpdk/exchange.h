// Everything that passes between the control thread and the workers, and from worker to worker: rings, the bell, and the pools
// for what control sends.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dataplane/core/counter.h"
#include "dataplane/core/frame.h"
#include "dataplane/dpdk/bell.h"
#include "dataplane/dpdk/packet_pool.h"
#include "dataplane/dpdk/port_set.h"
#include "dataplane/dpdk/rings.h"

namespace penstock::dpdk {

// A frame for the kernel or for control's own protocols. Valid during the callback only.
struct PuntedFrame {
  core::PortIndex port = 0;
  core::PuntClass punt_class{};
  std::span<const std::byte> bytes;
  std::chrono::steady_clock::time_point arrival;  // when its burst was received
};

enum class Urgency {
  kUrgent,  // adverts, gratuitous ARP: before anything else, kept until the device takes it
  kBulk,    // the kernel's traffic
};

struct ExchangeCounters {
  core::Counter64 injected;
  core::Counter64 inject_dropped;  // no buffer, or the ring was full
};

// Made by control before the workers start; ended after they have stopped.
class Exchange {
 public:
  [[nodiscard]] static std::expected<std::unique_ptr<Exchange>, std::string> make(PortSet& ports);

  // -- control thread --

  // Sends a copy of the frame out of a port. False when there is no room: nothing was sent (counted).
  bool inject(core::PortIndex port, std::span<const std::byte> frame, Urgency urgency);
  // Hands up to `budget` frames of one class to `take`, oldest first for each worker. @return how many.
  std::size_t drain(core::PuntClass punt_class, std::size_t budget, const std::function<void(const PuntedFrame&)>& take);
  // The same for all classes, the most urgent first, and has the descriptor become readable at the next frame.
  void drain_all(const std::function<void(const PuntedFrame&)>& take);
  // Readable when there is something to drain, once drain_all() has been called.
  [[nodiscard]] int event_fd() const { return bell_.fd(); }
  [[nodiscard]] const ExchangeCounters& counters() const { return counters_; }

  // -- workers --

  using InjectRing = PacketRing<Writers::kOne>;
  using PuntRing = PacketRing<Writers::kOne>;
  using HandOverRing = PacketRing<Writers::kMany>;

  [[nodiscard]] InjectRing& urgent(core::PortIndex port) { return injections_[port].urgent; }
  [[nodiscard]] InjectRing& bulk(core::PortIndex port) { return injections_[port].bulk; }
  [[nodiscard]] PuntRing& punts(core::WorkerIndex worker, core::PuntClass punt_class) {
    return punts_[worker * core::kPuntClassCount + static_cast<std::size_t>(punt_class)];
  }
  [[nodiscard]] HandOverRing& hand_over(core::WorkerIndex worker) { return hand_overs_[worker]; }
  [[nodiscard]] unsigned workers() const { return static_cast<unsigned>(hand_overs_.size()); }
  [[nodiscard]] Bell& bell() { return bell_; }
  // The worker that sends what control injects for a port.
  [[nodiscard]] core::WorkerIndex home_of(core::PortIndex port) const {
    return static_cast<core::WorkerIndex>(port % workers());
  }

 private:
  struct Injection {
    InjectRing urgent;
    InjectRing bulk;
    std::uint16_t device;
    std::optional<std::uint16_t> control_queue;
  };

  Exchange() = default;
  [[nodiscard]] rte_mbuf* copy_of(std::span<const std::byte> frame, Urgency urgency);
  void deliver(rte_mbuf* packet, core::PuntClass punt_class, const std::function<void(const PuntedFrame&)>& take);
  [[nodiscard]] bool all_empty();

  PacketPool urgent_pool_;  // apart from the other, so that bulk traffic can't starve it
  PacketPool bulk_pool_;
  std::vector<Injection> injections_;  // by port
  std::vector<PuntRing> punts_;        // by worker and class
  std::vector<HandOverRing> hand_overs_;
  Bell bell_;
  std::vector<std::byte> joined_;  // a frame of several buffers in one piece
  // One reading of both clocks, to tell a packet's arrival by the one that control uses.
  std::uint64_t reference_tsc_ = 0;
  std::chrono::steady_clock::time_point reference_time_;
  ExchangeCounters counters_;
};

}  // namespace penstock::dpdk
