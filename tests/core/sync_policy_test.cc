// The policy's six bits against the kernel's rule with all that the kernel keeps: a packet counter of 32 bits, the last state
// told, and the time until which the peer was told that the connection lasts.
#include "dataplane/core/sync_policy.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace penstock::core {
namespace {

using namespace std::chrono_literals;
using enum ConnectionState;

// Linux net/netfilter/ipvs/ip_vs_sync.c, ip_vs_sync_conn_needed, for connections that are no templates. Time in ticks.
class KernelModel {
 public:
  explicit KernelModel(const SyncSettings& settings) : settings_{settings} {}

  // Whether it tells of the connection after this packet, if a message can be sent.
  [[nodiscard]] bool is_due(ConnectionState state, std::int64_t now, std::int64_t timeout) {
    ++packets_;
    retries_if_told_ = 0;
    if (state != kUdp) {
      if (state != kEstablished && state != kFinWait && state != kClose && state != kCloseWait && state != kTimeWait)
        return false;
      if (state != told_state_ && state != kEstablished) return true;
    }
    const std::int64_t refresh = settings_.refresh_period.count() * kTicksPerSecond;
    if (refresh > 0) {
      const std::int64_t window = std::min<std::int64_t>(refresh, std::max<std::int64_t>(timeout / 2, 10 * kTicksPerSecond));
      if (std::abs(now + timeout - told_end_) < window) {
        if (told_retries_ >= settings_.retries || now < told_end_ - timeout + refresh / 8) return false;
        retries_if_told_ = told_retries_ + 1;
      }
    }
    if (settings_.period > 0) return packets_ % settings_.period == settings_.threshold;
    return refresh > 0 || packets_ == settings_.threshold;
  }
  // The peer was told after that packet, which was so many retries since the last message that was none.
  void note_told(ConnectionState state, std::int64_t now, std::int64_t timeout, unsigned retries) {
    told_state_ = state;
    told_end_ = now + timeout;
    told_retries_ = retries;
  }

  [[nodiscard]] unsigned retries() const { return retries_if_told_; }
  [[nodiscard]] ConnectionState told_state() const { return told_state_; }
  // Since the last message; meaningful in the state that it was sent in.
  [[nodiscard]] std::int64_t age(std::int64_t now, std::int64_t timeout) const { return now + timeout - told_end_; }

 private:
  SyncSettings settings_;
  std::uint32_t packets_ = 0;
  ConnectionState told_state_ = kNone;
  std::int64_t told_end_ = -1'000'000'000;
  unsigned told_retries_ = 0;
  unsigned retries_if_told_ = 0;
};

// One connection as a worker keeps it.
class Sixbits {
 public:
  explicit Sixbits(const SyncSettings& settings) : policy_{settings} {}

  // Whether the peer is told after a packet of this event. `has_room`: for a message, if one is due.
  bool packet(TcpEvent event, Tick now, bool has_room = true) { return packet_into(next_state(state_, event), now, has_room); }
  bool packet_into(ConnectionState after, Tick now, bool has_room = true) {
    const SyncPolicy::Packet packet{.before = state_, .after = after, .now = now, .last = last_, .timeout = timeouts_[after]};
    const SyncPolicy::Answer answer = is_new_ ? policy_.on_first_packet(packet) : policy_.on_packet(mark_, packet);
    if (!is_new_ && policy_.counts_down() && SyncPolicy::needs_no_thought(mark_, state_, after)) {
      EXPECT_FALSE(answer.due);
      EXPECT_EQ(answer.mark, mark_ - 1);
    }
    is_new_ = false;
    state_ = after;
    last_ = now;
    mark_ = answer.due && !has_room ? policy_.owed(now) : answer.mark;
    EXPECT_LT(mark_, 64);
    return answer.due && has_room;
  }
  void learn(ConnectionState state, Tick now) {
    is_new_ = false;
    state_ = state;
    last_ = now;
    mark_ = policy_.learned(now);
  }
  [[nodiscard]] ConnectionState state() const { return state_; }
  [[nodiscard]] Tick timeout() const { return timeouts_[state_]; }
  // With a refresh period.
  [[nodiscard]] unsigned retries() const { return mark_ & 3U; }

 private:
  SyncPolicy policy_;
  StateTimeouts timeouts_;
  ConnectionState state_ = kNone;
  std::uint8_t mark_ = 0;
  Tick last_ = 0;
  bool is_new_ = true;
};

TcpEvent random_event(std::uint64_t choice) {
  static constexpr std::array kEvents{TcpEvent::kAck, TcpEvent::kAck, TcpEvent::kAck,   TcpEvent::kAck, TcpEvent::kAck,
                                      TcpEvent::kFin, TcpEvent::kSyn, TcpEvent::kReset, TcpEvent::kAck, TcpEvent::kNothing};
  return kEvents.at(choice % kEvents.size());
}

// By the count: the same packets, but for a state that is left and entered again without a message in between.
RC_GTEST_PROP(SyncPolicyProperty, TellsByTheCountWhatTheKernelTells, ()) {
  SyncSettings settings{.early = false};
  settings.period = *rc::gen::element(0U, 1U, 2U, 5U, 50U, 63U);
  settings.threshold = *rc::gen::inRange(0U, settings.period == 0 ? 63U : settings.period);
  RC_ASSERT(SyncPolicy::is_valid(settings));
  KernelModel kernel{settings};
  Sixbits ours{settings};
  const bool is_udp = *rc::gen::inRange(0, 4) == 0;
  const auto acks = *rc::gen::inRange(0U, 100U);  // in a row: so that high counts are reached
  Tick now = *rc::gen::arbitrary<Tick>();
  for (const std::uint64_t choice : *rc::gen::container<std::vector<std::uint64_t>>(300, rc::gen::arbitrary<std::uint64_t>())) {
    now += static_cast<Tick>((choice >> 8) % 50);
    const ConnectionState before = ours.state();
    const TcpEvent event = (choice >> 32) % 100 < acks ? TcpEvent::kAck : random_event(choice);
    const bool told = is_udp ? ours.packet_into(kUdp, now) : ours.packet(event, now);
    const bool by_kernel = kernel.is_due(ours.state(), now, ours.timeout());
    const bool came_back = ours.state() != before && ours.state() == kernel.told_state() && ours.state() != kEstablished;
    RC_ASSERT(told == by_kernel || (told && came_back));
    if (told) kernel.note_told(ours.state(), now, ours.timeout(), 0);
  }
}

// By time: the same packets as the kernel with a period of 0, to an eighth of the refresh period.
RC_GTEST_PROP(SyncPolicyProperty, TellsByTimeWhatTheKernelTells, ()) {
  SyncSettings settings{.period = 0, .early = false};
  settings.threshold = 0;
  settings.refresh_period = std::chrono::seconds{*rc::gen::element(1, 3, 10, 60, 200, 3600)};
  settings.retries = *rc::gen::inRange(0U, 4U);
  RC_ASSERT(SyncPolicy::is_valid(settings));
  KernelModel kernel{settings};
  Sixbits ours{settings};
  const bool is_udp = *rc::gen::inRange(0, 4) == 0;
  const std::int64_t refresh = settings.refresh_period.count() * kTicksPerSecond;
  const std::int64_t unit = refresh / 8;
  const auto gap = static_cast<std::uint64_t>(unit * *rc::gen::element(1, 2, 4, 40));
  const auto acks = *rc::gen::inRange(0U, 100U);
  Tick now = *rc::gen::inRange<Tick>(1U << 20, 1U << 30);
  for (const std::uint64_t choice : *rc::gen::container<std::vector<std::uint64_t>>(300, rc::gen::arbitrary<std::uint64_t>())) {
    now += static_cast<Tick>((choice >> 8) % gap);
    const ConnectionState before = ours.state();
    const TcpEvent event = (choice >> 40) % 100 < acks ? TcpEvent::kAck : random_event(choice);
    const bool told = is_udp ? ours.packet_into(kUdp, now) : ours.packet(event, now);
    const std::int64_t age = kernel.age(now, ours.timeout());
    const bool by_kernel = kernel.is_due(ours.state(), now, ours.timeout());
    const std::int64_t window =
        std::min<std::int64_t>(refresh, std::max<std::int64_t>(ours.timeout() / 2, 10 * kTicksPerSecond));
    const bool at_an_edge = std::abs(age - window) <= unit || (age >= unit && age <= 2 * unit + 1);
    const bool changed = told && ours.state() != before;  // told at once, whatever the timeouts say
    RC_ASSERT(told == by_kernel || at_an_edge || changed);
    if (told && !at_an_edge && !changed) RC_ASSERT(ours.retries() == kernel.retries());
    if (told) kernel.note_told(ours.state(), now, ours.timeout(), ours.retries());
  }
}

std::string told_packets(const SyncSettings& settings, const std::vector<TcpEvent>& events) {
  Sixbits connection{settings};
  std::string text;
  Tick now = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (connection.packet(events[i], ++now))
      text += std::to_string(i + 1) + " " + std::string{name_of(connection.state())} + " ";
  }
  return text;
}

// What a director with IPVS sent for short connections, for long ones and for UDP (a capture of the kernel's master).
TEST(SyncPolicy, TellsWhatTheKernelWasSeenToTell) {
  using enum TcpEvent;
  const SyncSettings kernels{.early = false};
  EXPECT_EQ(told_packets(kernels, {kSyn, kAck, kAck, kAck, kFin, kAck, kAck}), "3 ESTABLISHED 5 FIN_WAIT ");
  EXPECT_EQ(told_packets(kernels, {kSyn, kAck, kAck, kAck, kReset}), "3 ESTABLISHED 5 CLOSE ");
  EXPECT_EQ(told_packets(kernels, {kSyn, kAck}), "");
  Sixbits udp{kernels};
  std::string text;
  for (int i = 1; i <= 110; ++i) {
    if (udp.packet_into(kUdp, static_cast<Tick>(i))) text += std::to_string(i) + " ";
  }
  EXPECT_EQ(text, "3 53 103 ");
}

TEST(SyncPolicy, EarlyTellsTheFirstPacketAndTheOneThatEstablishes) {
  using enum TcpEvent;
  std::vector<TcpEvent> events{kSyn, kSyn, kAck};
  events.resize(60, kAck);
  events.push_back(kFin);
  EXPECT_EQ(told_packets({}, events), "1 SYN_RECV 3 ESTABLISHED 53 ESTABLISHED 61 FIN_WAIT ");
  EXPECT_EQ(told_packets({.refresh_period = 60s}, events), "1 SYN_RECV 3 ESTABLISHED 61 FIN_WAIT ");
}

TEST(SyncPolicy, WhatFoundNoRoomIsToldWithTheNextPacket) {
  for (const auto refresh : {0s, 60s}) {
    Sixbits connection{{.refresh_period = refresh}};
    EXPECT_FALSE(connection.packet(TcpEvent::kSyn, 1, false));
    EXPECT_FALSE(connection.packet(TcpEvent::kAck, 2, false));
    EXPECT_FALSE(connection.packet(TcpEvent::kAck, 3, false));
    EXPECT_TRUE(connection.packet(TcpEvent::kAck, 4));
    EXPECT_FALSE(connection.packet(TcpEvent::kAck, 5));
    EXPECT_FALSE(connection.packet(TcpEvent::kFin, 6, false));
    EXPECT_TRUE(connection.packet(TcpEvent::kAck, 7));
    EXPECT_FALSE(connection.packet(TcpEvent::kAck, 8));
  }
}

TEST(SyncPolicy, WhatWasLearnedIsNotToldBackAtOnce) {
  Sixbits counted{{}};
  counted.learn(kEstablished, 1);
  for (int i = 1; i < 50; ++i) EXPECT_FALSE(counted.packet(TcpEvent::kAck, 2)) << i;
  EXPECT_TRUE(counted.packet(TcpEvent::kAck, 2));
  Sixbits timed{{.refresh_period = 60s}};
  timed.learn(kEstablished, 1000);
  EXPECT_FALSE(timed.packet(TcpEvent::kAck, 1001));
  EXPECT_TRUE(timed.packet(TcpEvent::kAck, 1000 + 61 * kTicksPerSecond));
  EXPECT_TRUE(timed.packet(TcpEvent::kFin, 1001 + 61 * kTicksPerSecond));
}

// A connection that sleeps for longer than the four bits of time can tell.
TEST(SyncPolicy, TellsWhoWakesUpAfterWhateverTime) {
  for (Tick sleep = 60 * kTicksPerSecond; sleep < 400 * kTicksPerSecond; ++sleep) {
    Sixbits connection{{.refresh_period = 60s}};
    connection.packet(TcpEvent::kSyn, 500);
    connection.packet(TcpEvent::kAck, 501);
    EXPECT_TRUE(connection.packet(TcpEvent::kAck, 501 + sleep)) << sleep;
  }
}

TEST(SyncPolicy, KnowsWhichSettingsItCanTake) {
  EXPECT_TRUE(SyncPolicy::is_valid({}));
  EXPECT_TRUE(SyncPolicy::is_valid({.threshold = 62, .period = 63}));
  EXPECT_FALSE(SyncPolicy::is_valid({.threshold = 3, .period = 64}));
  EXPECT_FALSE(SyncPolicy::is_valid({.threshold = 50, .period = 50}));
  EXPECT_TRUE(SyncPolicy::is_valid({.threshold = 62, .period = 0}));
  EXPECT_FALSE(SyncPolicy::is_valid({.threshold = 63, .period = 0}));
  EXPECT_FALSE(SyncPolicy::is_valid({.retries = 4}));
  EXPECT_FALSE(SyncPolicy::is_valid({.refresh_period = -1s}));
  EXPECT_TRUE(SyncPolicy::is_valid({.refresh_period = kMaxTimeout}));
}

}  // namespace
}  // namespace penstock::core
