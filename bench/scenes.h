// What the core does with traffic, as the benchmarks and the cost gate have it: a worker of one thread, burst by burst.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "bench/traffic.h"
#include "dataplane/core/forwarder.h"

namespace penstock::bench {

// Connections that there is room for.
inline constexpr std::size_t kRoom = std::size_t{1} << 20;

// What connection sync does meanwhile.
enum class Sync : std::uint8_t {
  kNone,
  kClosed,   // it isn't configured
  kOpen,     // the peer is told, and this thread takes what it is told
  kStandby,  // as kOpen, just after a takeover: connections that no packet has used wait
};

// Packets of connections that exist.
class EstablishedFlows {
 public:
  // `flows`: a power of two. Sent to the port's own MAC address or, when there are any, that of the last of `virtual_routers`.
  EstablishedFlows(std::uint32_t flows, unsigned virtual_routers, Sync sync);

  // What the NIC would do.
  void receive();
  void process() { process(*snapshot_); }
  // By another snapshot, of snapshot_for() with 16 servers.
  void process(const core::Snapshot& snapshot);
  // How many bursts had a first packet that was forwarded.
  [[nodiscard]] std::size_t forwarded() const { return forwarded_; }

 private:
  core::CounterBoard board_{1};
  core::StandbyTables standby_{kRoom, 1, board_.standby()};
  core::SyncOutbox outbox_;
  Sync sync_;
  core::Forwarder forwarder_;
  std::unique_ptr<const core::Snapshot> snapshot_;
  Traffic traffic_;
  FlowOrder order_;
  std::array<core::Verdict, core::kBurst> verdicts_;
  std::size_t forwarded_ = 0;
};

// Each packet a SYN of a client that was not seen for a while. The table is half full soon and stays so, because ended
// connections are swept, two buckets for each packet; or it is full from the begin on, and half-open connections give way.
class NewFlows {
 public:
  // Room for `room` connections. `is_synced`: the peer is told of each.
  NewFlows(std::size_t room, bool is_synced, bool is_full = false);

  void receive();
  void process();
  [[nodiscard]] std::size_t forwarded() const { return forwarded_; }

 private:
  core::CounterBoard board_{1};
  core::SyncOutbox outbox_;
  bool is_synced_;
  core::Forwarder forwarder_;
  std::unique_ptr<const core::Snapshot> snapshot_;
  Traffic traffic_;
  std::array<core::Verdict, core::kBurst> verdicts_;
  std::size_t packets_per_tick_;
  unsigned sweeps_;  // after each burst
  std::uint64_t flow_ = 0;
  core::Tick now_ = 0;
  std::size_t forwarded_ = 0;
};

}  // namespace penstock::bench
