#include "dataplane/core/connection_state.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "dataplane/packet/ipv4.h"
#include "dataplane/packet/tcp.h"

namespace penstock::core {
namespace {

using enum ConnectionState;
namespace tcp_flag = packet::tcp_flag;

constexpr std::array kTcpStates{kNone,  kEstablished, kSynSent, kSynReceived, kFinWait, kTimeWait,
                                kClose, kCloseWait,   kLastAck, kListen,      kSynAck};

// What each segment of the client does when its server's answers are never seen, said state by state: which states lead where;
// a state that isn't named stays. (The kernel's table lists the same by segment and column.)
const std::map<TcpEvent, std::map<ConnectionState, std::set<ConnectionState>>> kListing{
    // A client that begins: the handshake is under way, unless it was done already.
    {TcpEvent::kSyn,
     {{kSynReceived, {kNone, kFinWait, kTimeWait, kClose, kCloseWait, kLastAck, kListen, kSynAck}},
      {kEstablished, {kSynSent}}}},
    // A client that ends: after a handshake without data both ends are taken to be done.
    {TcpEvent::kFin, {{kClose, {kNone}}, {kFinWait, {kEstablished}}, {kTimeWait, {kSynReceived, kSynAck}}}},
    // A client that goes on completes the handshake, or the end.
    {TcpEvent::kAck, {{kEstablished, {kNone, kSynReceived, kSynAck}}, {kClose, {kLastAck}}}},
    // A reset ends all but what was never more than a question.
    {TcpEvent::kReset, {{kClose, {kNone, kEstablished, kSynSent, kFinWait, kTimeWait, kCloseWait, kSynAck}}}},
    // A segment without any of these flags is nonsense, and ends the connection.
    {TcpEvent::kNothing,
     {{kClose, {kNone, kEstablished, kSynSent, kSynReceived, kFinWait, kTimeWait, kCloseWait, kLastAck, kListen, kSynAck}}}},
};

TEST(ConnectionState, EveryTransitionIsTheListings) {
  for (const auto& [event, changes] : kListing) {
    for (const ConnectionState state : kTcpStates) {
      ConnectionState expected = state;
      for (const auto& [to, from] : changes) {
        if (from.contains(state)) expected = to;
      }
      EXPECT_EQ(name_of(next_state(state, event)), name_of(expected))
          << name_of(state) << " by event " << static_cast<int>(event);
    }
  }
  EXPECT_EQ(kListing.size(), kTcpEventCount);
}

TEST(ConnectionState, AUdpConnectionHasOneState) {
  for (std::size_t event = 0; event < kTcpEventCount; ++event) {
    EXPECT_EQ(next_state(kUdp, static_cast<TcpEvent>(event)), kUdp);
  }
}

TEST(ConnectionState, TheFlagThatWeighsMostDecides) {
  const auto heaviest = [](unsigned flags) {
    for (const auto& [flag, event] : std::vector<std::pair<unsigned, TcpEvent>>{{tcp_flag::kRst, TcpEvent::kReset},
                                                                                {tcp_flag::kSyn, TcpEvent::kSyn},
                                                                                {tcp_flag::kFin, TcpEvent::kFin},
                                                                                {tcp_flag::kAck, TcpEvent::kAck}}) {
      if ((flags & flag) != 0) return event;
    }
    return TcpEvent::kNothing;
  };
  for (unsigned flags = 0; flags < 256; ++flags) {
    EXPECT_EQ(event_of(static_cast<std::uint8_t>(flags)), heaviest(flags)) << flags;
  }
}

TEST(ConnectionState, AfterAPacketItIsThatOfItsEvent) {
  for (const ConnectionState state : kTcpStates) {
    for (unsigned value = 0; value < 256; ++value) {
      const auto flags = static_cast<std::uint8_t>(value);
      EXPECT_EQ(state_after(state, packet::segment_of(packet::ip_protocol::kTcp, flags)), next_state(state, event_of(flags)))
          << value;
    }
  }
  EXPECT_EQ(state_after(kUdp, packet::segment_of(packet::ip_protocol::kUdp, 0)), kUdp);
}

// The life of an ordinary connection, by the client's segments.
TEST(ConnectionState, AnOrdinaryLife) {
  ConnectionState state = kNone;
  const auto step = [&](std::uint8_t flags) { return state = next_state(state, event_of(flags)); };
  EXPECT_EQ(step(tcp_flag::kSyn), kSynReceived);
  EXPECT_EQ(step(tcp_flag::kAck), kEstablished);
  EXPECT_EQ(step(tcp_flag::kAck | tcp_flag::kPsh), kEstablished);
  EXPECT_EQ(step(tcp_flag::kFin | tcp_flag::kAck), kFinWait);
  EXPECT_EQ(step(tcp_flag::kAck), kFinWait);
  EXPECT_EQ(step(tcp_flag::kRst), kClose);
}

TEST(ConnectionState, ConnectionsBeforeAFinOrResetAreActive) {
  const std::set<ConnectionState> active{kEstablished, kSynSent, kSynReceived, kSynAck};
  for (std::size_t i = 0; i < kConnectionStateCount; ++i) {
    const auto state = static_cast<ConnectionState>(i);
    EXPECT_EQ(is_active(state), active.contains(state)) << name_of(state);
  }
}

TEST(ConnectionState, NamesAreThoseOfTheListing) {
  const std::vector<std::string> names{"NONE",  "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT", "TIME_WAIT",
                                       "CLOSE", "CLOSE_WAIT",  "LAST_ACK", "LISTEN",   "SYNACK",   "UDP"};
  ASSERT_EQ(names.size(), kConnectionStateCount);
  for (std::size_t i = 0; i < names.size(); ++i) EXPECT_EQ(name_of(static_cast<ConnectionState>(i)), names[i]);
}

TEST(ConnectionState, TimeoutsAreTheKernels) {
  const StateTimeouts timeouts;
  const std::map<ConnectionState, unsigned> seconds{{kNone, 2},      {kEstablished, 900}, {kSynSent, 120}, {kSynReceived, 60},
                                                    {kFinWait, 120}, {kTimeWait, 120},    {kClose, 10},    {kCloseWait, 60},
                                                    {kLastAck, 30},  {kListen, 120},      {kSynAck, 120},  {kUdp, 300}};
  ASSERT_EQ(seconds.size(), kConnectionStateCount);
  for (const auto& [state, value] : seconds) EXPECT_EQ(timeouts[state], value * kTicksPerSecond) << name_of(state);
}

TEST(ConnectionState, ThreeTimeoutsCanBeSet) {
  const StateTimeouts timeouts{std::chrono::seconds{7}, std::chrono::seconds{8}, kMaxTimeout};
  EXPECT_EQ(timeouts[kEstablished], 7 * kTicksPerSecond);
  EXPECT_EQ(timeouts[kFinWait], 8 * kTicksPerSecond);
  EXPECT_EQ(timeouts[kUdp], 31U * 24 * 3600 * kTicksPerSecond);
  EXPECT_EQ(timeouts[kTimeWait], 120 * kTicksPerSecond);
}

}  // namespace
}  // namespace penstock::core
