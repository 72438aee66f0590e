// Must the peer be told of this packet's connection now? The kernel's rule, with 6 bits of memory for each connection.
//
// Source: Linux net/netfilter/ipvs/ip_vs_sync.c, ip_vs_sync_conn_needed (behaviour). TCP is told in ESTABLISHED, FIN_WAIT,
// CLOSE, CLOSE_WAIT and TIME_WAIT only: with the packet that leads into one of the last four, else when its count of packets is
// `threshold` modulo `period`; UDP by the count alone. With a refresh period instead of the count when the last message is that
// old, and up to `retries` times in between.
//
// Beyond the kernel: `early` tells of a connection with its first packet, and with the one that establishes it (which then
// counts as the one at the threshold): else it would end at the peer after SYN_RECV's 60 s when its client is silent.
//
// The kernel keeps a counter of 32 bits, the last state told and a time for each connection. The 6 bits (the mark) hold
//   without a refresh period: how many packets from now the threshold is, which is why a period can be 63 at most; 0: the peer
//   is still to be told;
//   with one: 4 bits of the time of the last message, in eighths of that period, and 2 bits of retries since.
// What that leaves out:
// - A change is one from the packet before, not from the last state told: FIN_WAIT, SYN_RECV, FIN_WAIT is told twice.
// - With a refresh period packets aren't counted: it is the kernel's rule for a period of 0. Times are right to an eighth of
//   it, and a retry comes one to two eighths after the message before. Each change into a state that is told is told at once;
//   the kernel compares timeouts there, which differ.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "dataplane/core/connection_state.h"
#include "dataplane/core/tick.h"

namespace penstock::core {

// IPVS's sysctls sync_threshold (two numbers), sync_refresh_period and sync_retries, with the kernel's defaults.
struct SyncSettings {
  unsigned threshold = 3;                  // packets: less than `period`
  unsigned period = 50;                    // packets, 0 to 63; 0: told once, at `threshold` (0 to 62), and by changes of state
  std::chrono::seconds refresh_period{0};  // 0 to kMaxTimeout; 0: packets are counted
  unsigned retries = 0;                    // 0 to 3
  bool early = true;
};

namespace detail {

constexpr unsigned bit_of(ConnectionState state) { return 1U << static_cast<unsigned>(state); }
constexpr bool is_one_of(ConnectionState state, unsigned states) { return (states & bit_of(state)) != 0; }

inline constexpr unsigned kToldAtOnce = bit_of(ConnectionState::kFinWait) | bit_of(ConnectionState::kClose) |
                                        bit_of(ConnectionState::kCloseWait) | bit_of(ConnectionState::kTimeWait);
inline constexpr unsigned kTold = kToldAtOnce | bit_of(ConnectionState::kEstablished) | bit_of(ConnectionState::kUdp);

}  // namespace detail

// Immutable.
class SyncPolicy {
 public:
  static constexpr unsigned kMaxPeriod = 63;
  static constexpr unsigned kMaxThreshold = 62;  // with a period of 0
  static constexpr unsigned kMaxRetries = 3;

  [[nodiscard]] static constexpr bool is_valid(const SyncSettings& settings) {
    return settings.period <= kMaxPeriod &&
           (settings.period == 0 ? settings.threshold <= kMaxThreshold : settings.threshold < settings.period) &&
           settings.refresh_period >= std::chrono::seconds{0} && settings.refresh_period <= kMaxTimeout &&
           settings.retries <= kMaxRetries;
  }

  // Precondition: is_valid(settings).
  explicit constexpr SyncPolicy(const SyncSettings& settings = {})
      : threshold_{static_cast<std::uint8_t>(settings.threshold)},
        period_{static_cast<std::uint8_t>(settings.period)},
        retries_{static_cast<std::uint8_t>(settings.retries)},
        early_{settings.early},
        refresh_{to_ticks(settings.refresh_period)},
        unit_{std::max<Tick>(1, refresh_ / kUnits)} {}

  // What one packet did to its connection.
  struct Packet {
    ConnectionState before{};
    ConnectionState after{};
    Tick now = 0;
    Tick last = 0;     // when the packet before it passed
    Tick timeout = 0;  // of the state `after`
  };
  // `mark`: the connection's from now on; but owed() where it is due and can't be told.
  struct Answer {
    bool due = false;
    std::uint8_t mark = 0;
  };

  [[nodiscard]] constexpr Answer on_first_packet(const Packet& packet) const {
    if (early_) return {true, refresh_ == 0 ? left_after(1) : told(packet.now, 0)};
    return on_packet(refresh_ == 0 ? left_after(0) : owed(packet.now), packet);
  }

  [[nodiscard]] constexpr Answer on_packet(std::uint8_t mark, const Packet& packet) const {
    if (refresh_ != 0) return on_packet_by_time(mark, packet);
    if (mark == kOwed) return {true, whole_period()};
    const std::uint8_t next = mark == kNever && period_ == 0 ? kNever
                              : mark == 1                    ? whole_period()
                                                             : static_cast<std::uint8_t>(mark - 1);
    if (packet.after != packet.before) {
      if (detail::is_one_of(packet.after, detail::kToldAtOnce)) return {true, next};
      if (early_ && packet.after == ConnectionState::kEstablished) return {true, whole_period()};
    }
    return {mark == 1 && detail::is_one_of(packet.after, detail::kTold), next};
  }

  // The short way for nearly all packets: where counts_down(), one that needs_no_thought() only makes the mark less by one, as
  // on_packet() would.
  [[nodiscard]] constexpr bool counts_down() const { return refresh_ == 0 && period_ != 0; }
  [[nodiscard]] static constexpr bool needs_no_thought(std::uint8_t mark, ConnectionState before, ConnectionState after) {
    return mark >= 2 && before == after;
  }

  // The mark of a connection that is due with its next packet (with a refresh period: in a state that is told).
  [[nodiscard]] constexpr std::uint8_t owed(Tick now) const {
    return refresh_ == 0 ? kOwed : mark_of(time_of(now) - kUnits, 0);
  }
  // Of one that was learned from the peer: as if it had just been told, as the kernel does.
  [[nodiscard]] constexpr std::uint8_t learned(Tick now) const { return refresh_ == 0 ? whole_period() : told(now, 0); }

 private:
  static constexpr std::uint8_t kOwed = 0;
  static constexpr std::uint8_t kNever = 63;  // with a period of 0
  static constexpr unsigned kUnits = 8;       // of time in a refresh period

  // The mark after a connection's packet number `count`, or the mark of a connection that has had so many.
  [[nodiscard]] constexpr std::uint8_t left_after(unsigned count) const {
    if (period_ == 0) return count < threshold_ ? static_cast<std::uint8_t>(threshold_ - count) : kNever;
    const unsigned left = (threshold_ + period_ - count % period_) % period_;
    return static_cast<std::uint8_t>(left != 0 ? left : period_);
  }
  // After the packet at the threshold.
  [[nodiscard]] constexpr std::uint8_t whole_period() const { return period_ != 0 ? period_ : kNever; }

  // A time modulo two refresh periods, which is all that a mark knows of it.
  [[nodiscard]] constexpr unsigned time_of(Tick now) const { return now / unit_; }
  static constexpr std::uint8_t mark_of(unsigned time, unsigned retries) {
    return static_cast<std::uint8_t>((time & 15U) << 2 | retries);
  }
  [[nodiscard]] constexpr std::uint8_t told(Tick now, unsigned retries) const { return mark_of(time_of(now), retries); }

  [[nodiscard]] constexpr Answer on_packet_by_time(std::uint8_t mark, const Packet& packet) const {
    if (!detail::is_one_of(packet.after, detail::kTold)) return {false, mark};
    if (packet.after != packet.before) return {true, told(packet.now, 0)};
    // Within this time of the last message only retries are sent.
    const Tick window = std::min(refresh_, std::max(packet.timeout / 2, 10 * kTicksPerSecond));
    const unsigned age = (time_of(packet.now) - (mark >> 2)) & 15U;
    // Of a connection whose last packet is so old the mark's time may have come round; its last message is at least as old.
    const bool is_quiet = packet.now - packet.last >= (kUnits - 1) * unit_;
    if (is_quiet || age * unit_ >= window) return {true, told(packet.now, 0)};
    const unsigned retries = mark & 3U;
    if (retries >= retries_ || age < 2) return {false, mark};
    return {true, told(packet.now, retries + 1)};
  }

  std::uint8_t threshold_;
  std::uint8_t period_;
  std::uint8_t retries_;
  bool early_;
  Tick refresh_;  // 0: none
  Tick unit_;
};

}  // namespace penstock::core
