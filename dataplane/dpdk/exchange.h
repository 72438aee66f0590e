// Everything that passes between the workers and the threads that protocols run on, and from worker to worker: rings, bells,
// and the pools for what is sent.
//
// Two threads stand on the other side: VRRP's, which takes adverts and sends what is urgent, and control, which takes and sends
// all the rest. Neither touches what the other uses, so neither waits for the other.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

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

enum class Urgency : std::uint8_t {
  kUrgent,  // adverts, gratuitous ARP: before anything else, kept until the device takes it. The VRRP thread's.
  kBulk,    // the kernel's traffic. Control's.
};

// Who takes punted frames off their rings.
enum class Taker : std::uint8_t {
  kVrrp,     // PuntClass::kVrrp, kDoubtfulAdvert
  kControl,  // all others
};
inline constexpr std::size_t kTakerCount = 2;
[[nodiscard]] constexpr Taker taker_of(core::PuntClass punt_class) {
  const bool is_vrrp = punt_class == core::PuntClass::kVrrp || punt_class == core::PuntClass::kDoubtfulAdvert;
  return is_vrrp ? Taker::kVrrp : Taker::kControl;
}

// Made by control before the workers start; ended after they have stopped.
class Exchange {
 public:
  [[nodiscard]] static std::expected<std::unique_ptr<Exchange>, std::string> make(PortSet& ports);

  // -- the VRRP thread and control, each for its own urgency and classes --

  // Sends a copy of the frame out of a port. False when there is no room: nothing was sent.
  bool inject(core::PortIndex port, std::span<const std::byte> frame, Urgency urgency) {
    return inject_burst(port, {&frame, 1}, urgency) == 1;
  }
  // The same for at most core::kBurst frames, in order, in one call of the device. @return how many of the first there was room
  // for.
  std::size_t inject_burst(core::PortIndex port, std::span<const std::span<const std::byte>> frames, Urgency urgency);
  // Frames for a port without carrier are lost at once, as on a wire without a partner. A device may keep them instead
  // (af_packet does): an advert of before would then leave when the cable is back. Control's; ports begin with a carrier.
  void set_carrier(core::PortIndex port, bool carrier) { no_carrier_[port].store(!carrier, std::memory_order_relaxed); }
  // Whether a worker has still to take urgent frames. Any thread; may be outdated at once.
  [[nodiscard]] bool urgent_frames_wait() const {
    return !std::ranges::all_of(injections_, [](const Injection& injection) { return injection.urgent.empty(); });
  }
  // Hands up to `budget` frames of one class to `take`, oldest first for each worker. @return how many.
  std::size_t drain(core::PuntClass punt_class, std::size_t budget, const std::function<void(const PuntedFrame&)>& take);
  // The same for all classes of a taker, the most urgent first, and has its descriptor become readable at the next frame.
  void drain_all(Taker taker, const std::function<void(const PuntedFrame&)>& take);
  // Readable when there is something to drain, once drain_all() has been called.
  [[nodiscard]] int event_fd(Taker taker) const { return side_of(taker).bell.fd(); }

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
  [[nodiscard]] Bell& bell(Taker taker) { return side_of(taker).bell; }
  // The worker that sends what control injects for a port.
  [[nodiscard]] core::WorkerIndex home_of(core::PortIndex port) const {
    return static_cast<core::WorkerIndex>(port % workers());
  }

 private:
  struct Injection {
    InjectRing urgent;
    InjectRing bulk;
    std::uint16_t device;
    std::optional<std::uint16_t> urgent_queue;  // of the device: the VRRP thread's
  };
  // What one taker uses while it drains.
  struct Side {
    Bell bell;
    std::vector<std::byte> joined;  // a frame of several buffers in one piece
    // One reading of both clocks, to tell a packet's arrival by the one that takers use.
    std::uint64_t reference_tsc = 0;
    std::chrono::steady_clock::time_point reference_time;
  };

  Exchange() = default;
  [[nodiscard]] rte_mbuf* copy_of(std::span<const std::byte> frame, Urgency urgency);
  [[nodiscard]] Side& side_of(Taker taker) { return sides_[static_cast<std::size_t>(taker)]; }
  [[nodiscard]] const Side& side_of(Taker taker) const { return sides_[static_cast<std::size_t>(taker)]; }
  void deliver(rte_mbuf* packet, core::PuntClass punt_class, const std::function<void(const PuntedFrame&)>& take);
  [[nodiscard]] bool all_empty(Taker taker);

  PacketPool urgent_pool_;  // apart from the other, so that bulk traffic can't starve it
  PacketPool bulk_pool_;
  std::vector<Injection> injections_;  // by port
  std::array<std::atomic<bool>, core::kMaxPorts> no_carrier_{};
  std::vector<PuntRing> punts_;  // by worker and class
  std::vector<HandOverRing> hand_overs_;
  std::array<Side, kTakerCount> sides_;
};

}  // namespace penstock::dpdk
