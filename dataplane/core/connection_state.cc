#include "dataplane/core/connection_state.h"

namespace penstock::core {

std::string_view name_of(ConnectionState state) {
  switch (state) {
    using enum ConnectionState;
    case kNone: return "NONE";
    case kEstablished: return "ESTABLISHED";
    case kSynSent: return "SYN_SENT";
    case kSynReceived: return "SYN_RECV";
    case kFinWait: return "FIN_WAIT";
    case kTimeWait: return "TIME_WAIT";
    case kClose: return "CLOSE";
    case kCloseWait: return "CLOSE_WAIT";
    case kLastAck: return "LAST_ACK";
    case kListen: return "LISTEN";
    case kSynAck: return "SYNACK";
    case kUdp: return "UDP";
  }
  return "?";
}

// The fixed values: net/netfilter/ipvs/ip_vs_proto_tcp.c, tcp_timeouts.
StateTimeouts::StateTimeouts(std::chrono::seconds established, std::chrono::seconds fin_wait, std::chrono::seconds udp) {
  using namespace std::chrono_literals;
  const auto set = [this](ConnectionState state, std::chrono::seconds timeout) {
    ticks_[static_cast<std::size_t>(state)] = to_ticks(timeout);
  };
  set(ConnectionState::kNone, 2s);
  set(ConnectionState::kEstablished, established);
  set(ConnectionState::kSynSent, 120s);
  set(ConnectionState::kSynReceived, kSynReceivedTimeout);
  set(ConnectionState::kFinWait, fin_wait);
  set(ConnectionState::kTimeWait, 120s);
  set(ConnectionState::kClose, 10s);
  set(ConnectionState::kCloseWait, 60s);
  set(ConnectionState::kLastAck, 30s);
  set(ConnectionState::kListen, 120s);
  set(ConnectionState::kSynAck, 120s);
  set(ConnectionState::kUdp, udp);
}

}  // namespace penstock::core
