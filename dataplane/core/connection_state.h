// The states of a connection as a director in direct routing sees them: only the client's half passes by.
//
// Source: Linux net/netfilter/ipvs/ip_vs_proto_tcp.c. Of the kernel's three transition tables only the one for one-way traffic
// is needed
// ("INPUT-ONLY": in direct routing the server's answers go past the director), and of its eleven states those that it can
// reach. The numbers are the kernel's, because connection sync sends them and `ipvsadm -Lnc` prints their names.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "dataplane/core/tick.h"
#include "dataplane/packet/plain_frame.h"
#include "dataplane/packet/tcp.h"

namespace penstock::core {

enum class ConnectionState : std::uint8_t {
  kNone = 0,
  kEstablished = 1,
  kSynSent = 2,
  kSynReceived = 3,
  kFinWait = 4,
  kTimeWait = 5,
  kClose = 6,
  kCloseWait = 7,
  kLastAck = 8,
  kListen = 9,
  kSynAck = 10,
  kUdp = 11,  // not one of the kernel's TCP states: the only state of a UDP connection
};
inline constexpr std::size_t kConnectionStateCount = 12;

// As `ipvsadm -Lnc` prints it: "ESTABLISHED", "FIN_WAIT", "UDP".
[[nodiscard]] std::string_view name_of(ConnectionState state);

// What a TCP segment does to its connection, by the flag that weighs most.
enum class TcpEvent : std::uint8_t { kSyn, kFin, kAck, kReset, kNothing };
inline constexpr std::size_t kTcpEventCount = 5;

// The kernel's order of weight: RST, SYN, FIN, ACK.
[[nodiscard]] constexpr TcpEvent event_of(std::uint8_t tcp_flags) {
  constexpr std::uint8_t kFinFlag = 0x01;
  constexpr std::uint8_t kSynFlag = 0x02;
  constexpr std::uint8_t kResetFlag = 0x04;
  constexpr std::uint8_t kAckFlag = 0x10;
  if ((tcp_flags & kResetFlag) != 0) return TcpEvent::kReset;
  if ((tcp_flags & kSynFlag) != 0) return TcpEvent::kSyn;
  if ((tcp_flags & kFinFlag) != 0) return TcpEvent::kFin;
  if ((tcp_flags & kAckFlag) != 0) return TcpEvent::kAck;
  return TcpEvent::kNothing;
}

namespace detail {

using enum ConnectionState;
using TransitionRow = std::array<ConnectionState, kConnectionStateCount>;

// Columns: kNone, kEstablished, kSynSent, kSynReceived, kFinWait, kTimeWait, kClose, kCloseWait, kLastAck, kListen, kSynAck,
// kUdp.
inline constexpr std::array<TransitionRow, kTcpEventCount> kTransitions{{
    /* kSyn     */ {kSynReceived, kEstablished, kEstablished, kSynReceived, kSynReceived, kSynReceived, kSynReceived,
                    kSynReceived, kSynReceived, kSynReceived, kSynReceived, kUdp},
    /* kFin     */
    {kClose, kFinWait, kSynSent, kTimeWait, kFinWait, kTimeWait, kClose, kCloseWait, kLastAck, kListen, kTimeWait, kUdp},
    /* kAck     */
    {kEstablished, kEstablished, kSynSent, kEstablished, kFinWait, kTimeWait, kClose, kCloseWait, kClose, kListen, kEstablished,
     kUdp},
    /* kReset   */ {kClose, kClose, kClose, kSynReceived, kClose, kClose, kClose, kClose, kLastAck, kListen, kClose, kUdp},
    /* kNothing */ {kClose, kClose, kClose, kClose, kClose, kClose, kClose, kClose, kClose, kClose, kClose, kUdp},
}};

// The transitions by a segment and a state of 4 bits: a look-up where branches would depend on the traffic.
inline constexpr std::size_t kStatesInARow = 16;
inline constexpr auto kAfterSegment = [] {
  std::array<ConnectionState, (packet::kSegmentFlags + 2) * kStatesInARow> after;
  after.fill(kUdp);
  for (std::size_t flags = 0; flags <= packet::kSegmentFlags; ++flags) {
    std::ranges::copy(kTransitions[static_cast<std::size_t>(event_of(static_cast<std::uint8_t>(flags)))],
                      after.begin() + static_cast<std::ptrdiff_t>(flags * kStatesInARow));
  }
  return after;
}();
static_assert(static_cast<unsigned>(packet::Segment::kDatagram) == packet::kSegmentFlags + 1);

}  // namespace detail

[[nodiscard]] constexpr ConnectionState next_state(ConnectionState state, TcpEvent event) {
  return detail::kTransitions[static_cast<std::size_t>(event)][static_cast<std::size_t>(state)];
}

// The state after one packet of the client. Precondition: not Segment::kNone.
[[nodiscard]] constexpr ConnectionState state_after(ConnectionState before, packet::Segment segment) {
  return detail::kAfterSegment[static_cast<std::size_t>(segment) * detail::kStatesInARow + static_cast<std::size_t>(before)];
}

namespace detail {

// By sloppy TCP or not, and by segment.
inline constexpr auto kBegun = [] {
  std::array<std::array<ConnectionState, 64>, 2> begun{};
  for (std::uint8_t value = 0; value <= static_cast<std::uint8_t>(packet::Segment::kDatagram); ++value) {
    const packet::Segment segment{value};
    const bool resets = has_flag(segment, packet::tcp_flag::kRst);
    const bool is_sure = segment == packet::Segment::kDatagram || has_flag(segment, packet::tcp_flag::kSyn);
    const ConnectionState first = state_after(ConnectionState::kNone, segment);
    if (is_sure && !resets) begun[0][value] = first;
    if (!resets) begun[1][value] = first;
  }
  return begun;
}();

}  // namespace detail

// The state in which a connection begins by this packet; kNone: it may begin none. UDP's packets all may, TCP's SYNs, and with
// sloppy TCP any segment that doesn't reset. Precondition: not Segment::kNone.
[[nodiscard]] constexpr ConnectionState begun_by(packet::Segment segment, bool sloppy_tcp) {
  return detail::kBegun[sloppy_tcp ? 1 : 0][static_cast<std::size_t>(segment)];
}

// Whether a connection in this state counts as ActiveConn (else InActConn) of its server. A UDP connection never does.
[[nodiscard]] constexpr bool is_active(ConnectionState state) {
  using enum ConnectionState;
  constexpr auto bit = [](ConnectionState each) { return 1U << static_cast<unsigned>(each); };
  return ((bit(kEstablished) | bit(kSynSent) | bit(kSynReceived) | bit(kSynAck)) & bit(state)) != 0;
}

// A half-open connection's: net/netfilter/ipvs/ip_vs_proto_tcp.c, tcp_timeouts; nothing sets it.
inline constexpr std::chrono::seconds kSynReceivedTimeout{60};

// How long a connection lasts after its last packet, by state.
class StateTimeouts {
 public:
  // IPVS's own values; those three that `lvs_timeouts` sets are arguments (seconds, 1 to kMaxTimeout).
  explicit StateTimeouts(std::chrono::seconds established = std::chrono::seconds{900},
                         std::chrono::seconds fin_wait = std::chrono::seconds{120},
                         std::chrono::seconds udp = std::chrono::seconds{300});

  [[nodiscard]] Tick operator[](ConnectionState state) const { return ticks_[static_cast<std::size_t>(state)]; }

 private:
  std::array<Tick, kConnectionStateCount> ticks_{};
};

}  // namespace penstock::core
