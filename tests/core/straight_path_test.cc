// The straight path decides what decide() decides. Two workers get the same frames, and one of them has no straight path,
// because a connection learned from the peer waits for its first packet all the time: each verdict, each byte, all that is
// counted and all that the peer is told must be the same.
//
// PENSTOCK_TEST_SEED=n replays a run; the seed is printed with each failure.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

#include "tests/core/worker_group.h"
#include "tests/support/rows_words.h"
#include "tests/support/sanitized.h"
#include "tests/support/seed.h"

namespace penstock::test {
namespace {

namespace tcp_flag = packet::tcp_flag;

bool same(const core::Verdict& a, const core::Verdict& b) {
  return a.action == b.action && a.reason == b.reason && a.punt == b.punt && a.port == b.port && a.length == b.length;
}

class Twins {
 public:
  explicit Twins(std::uint64_t seed, bool tells_peer) : random_{seed}, tells_peer_{tells_peer} {
    const core::StandbyConnection waiting{
        .server = core::ServerId{0}, .state = core::ConnectionState::kEstablished, .expires = kForEver};
    thoughtful_.standby().ipv4.put({v4("10.99.99.99"), 1, core::VirtualId{1}}, waiting, 0);
    if (tells_peer) {
      straight_.outbox(0).open();
      thoughtful_.outbox(0).open();
    }
    change();
  }

  // What differed; empty: nothing.
  std::string step() {
    if (roll(200) == 0) change();
    if (roll(10) == 0) pass(1 + roll(100));
    if (roll(2000) == 0) pass(130 * kSecond);
    const Bytes frame = next_frame();
    const auto ours = straight_.receive(0, *snapshot_, now_, frame);
    const auto theirs = thoughtful_.receive(0, *snapshot_, now_, frame);
    if (ours.size() != theirs.size()) return "another number of outcomes";
    for (std::size_t i = 0; i < ours.size(); ++i) {
      if (!same(ours[i].verdict, theirs[i].verdict)) return "another verdict";
      if (ours[i].bytes != theirs[i].bytes) return "other bytes";
      if (ours[i].verdict.action == core::Action::kForward) ++forwarded_;
    }
    return differing_records();
  }

  // What has been counted differently; empty: nothing.
  std::string differing_counters() {
    for (std::size_t i = 0; i < core::kActionCount; ++i) {
      const auto action = static_cast<core::Action>(i);
      if (straight_.counted(action) != thoughtful_.counted(action)) return "action " + std::to_string(i);
    }
    const core::WorkerCounters& ours = straight_.board().worker(0);
    const core::WorkerCounters& theirs = thoughtful_.board().worker(0);
    for (std::size_t i = 0; i < packet::kDropReasonCount; ++i) {
      if (ours.drops[i].get() != theirs.drops[i].get()) return "drop " + std::to_string(i);
    }
    if (ours.connections4.get() != theirs.connections4.get()) return "connections";
    if (ours.rescheduled.get() != theirs.rescheduled.get()) return "rescheduled";
    for (unsigned server = 0; server < kServers; ++server) {
      const core::ServerCounters& our = straight_.board().server(0, core::ServerId{static_cast<std::uint16_t>(server)});
      const core::ServerCounters& their = thoughtful_.board().server(0, core::ServerId{static_cast<std::uint16_t>(server)});
      if (our.connections.get() != their.connections.get() || our.packets.get() != their.packets.get() ||
          our.bytes.get() != their.bytes.get() || our.active.get() != their.active.get() ||
          our.inactive.get() != their.inactive.get()) {
        return "server " + std::to_string(server);
      }
    }
    return "";
  }
  [[nodiscard]] unsigned forwarded() const { return forwarded_; }

 private:
  static constexpr unsigned kServers = 3;
  static constexpr core::Tick kForEver = 0x7000'0000;

  unsigned roll(unsigned sides) { return static_cast<unsigned>(random_() % sides); }

  void pass(core::Tick ticks) {
    now_ += ticks;
    (void)straight_.maintain(*snapshot_, now_);
    (void)thoughtful_.maintain(*snapshot_, now_);
  }

  void change() {
    Situation situation = three_servers();
    for (RowServer& server : situation.servers) {
      server.weight = roll(3);
      server.available = roll(4) != 0;
      server.resolved = roll(5) != 0;
      server.local = roll(6) == 0;
      server.mtu = roll(4) == 0 ? 300 : 1500;
      server.egress = static_cast<core::PortIndex>(roll(2));
    }
    situation.expire_nodest_conn = roll(3) == 0;
    situation.sloppy_tcp = roll(3) == 0;
    situation.is_backup = roll(12) == 0;
    if (roll(2) == 0) situation = three_servers();
    snapshot_ = snapshot_of(situation, ++generation_);
  }

  Bytes next_frame() {
    static constexpr std::array<std::uint8_t, 8> kFlags{tcp_flag::kSyn,
                                                        tcp_flag::kAck,
                                                        tcp_flag::kAck,
                                                        tcp_flag::kAck,
                                                        tcp_flag::kAck | tcp_flag::kPsh,
                                                        tcp_flag::kFin | tcp_flag::kAck,
                                                        tcp_flag::kRst,
                                                        tcp_flag::kSyn | tcp_flag::kAck};
    PacketBuilder frame = ipv4_side().packet();
    const auto port = static_cast<std::uint16_t>(1 + roll(60));
    if (roll(3) == 0) {
      frame.udp(port, roll(20) == 0 ? kUnserved : kDomain);
    } else {
      frame.tcp(port, roll(20) == 0 ? kUnserved : kHttp, kFlags.at(roll(kFlags.size())));
    }
    frame.payload(roll(5) == 0 ? 400 : roll(40));
    switch (roll(40)) {
      case 0: frame.ttl(static_cast<std::uint8_t>(roll(3))); break;
      case 1: frame.bad_ip_checksum(); break;
      case 2: frame.ethernet(kClientMac, roll(2) == 0 ? kVirtualMac : kInsideMac); break;
      case 3: frame.ethernet(kClientMac, packet::kBroadcastMac); break;
      case 4: frame.ipv4_options(Bytes(4, std::byte{1})); break;
      case 5: frame.total_length(static_cast<std::uint16_t>(roll(600))); break;
      case 6: frame.vlan(static_cast<std::uint16_t>(roll(2))); break;
      default: break;
    }
    Bytes bytes = frame.build();
    if (roll(60) == 0) bytes[roll(static_cast<unsigned>(bytes.size()))] ^= static_cast<std::byte>(1U << roll(8));
    return bytes;
  }

  std::string differing_records() {
    if (!tells_peer_) return "";
    std::array<core::SyncRecord, 64> ours;
    std::array<core::SyncRecord, 64> theirs;
    const std::size_t count = straight_.outbox(0).take(ours);
    if (count != thoughtful_.outbox(0).take(theirs)) return "the peer is told of another number of connections";
    for (std::size_t i = 0; i < count; ++i) {
      if (ours[i].client != theirs[i].client || ours[i].client_port != theirs[i].client_port ||
          ours[i].state != theirs[i].state || ours[i].server != theirs[i].server ||
          ours[i].timeout_seconds != theirs[i].timeout_seconds) {
        return "the peer is told something else";
      }
    }
    return "";
  }

  std::mt19937_64 random_;
  bool tells_peer_;
  WorkerGroup straight_{1};
  WorkerGroup thoughtful_{1};
  std::unique_ptr<const core::Snapshot> snapshot_;
  std::uint32_t generation_ = 0;
  core::Tick now_ = 0;
  unsigned forwarded_ = 0;
};

class StraightPath : public testing::TestWithParam<bool> {};

TEST_P(StraightPath, DecidesWhatDecideDecides) {
  Twins twins{seed(), GetParam()};
  constexpr unsigned kSteps = kIsSanitized ? 20'000 : 100'000;
  for (unsigned step = 0; step < kSteps; ++step) {
    const std::string complaint = twins.step();
    ASSERT_EQ(complaint, "") << "step " << step << ", PENSTOCK_TEST_SEED=" << seed();
  }
  EXPECT_EQ(twins.differing_counters(), "") << "PENSTOCK_TEST_SEED=" << seed();
  EXPECT_GT(twins.forwarded(), kSteps / 5);
}

INSTANTIATE_TEST_SUITE_P(WithoutAndWithAPeer, StraightPath, testing::Bool());

}  // namespace
}  // namespace penstock::test
