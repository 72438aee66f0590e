// The workers' filter beside the judge that has the last word: what it lets pass, and that no advert is counted twice or lost.
#include "control/vrrp/worker_adverts.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "dataplane/core/advert_gate.h"
#include "tests/vrrp/raw_advert.h"
#include "vrrp/advert_check.h"
#include "vrrp/advert_codec.h"

namespace penstock::control {
namespace {

using core::AdvertFault;
using penstock::test::Bytes;
using penstock::test::RawAdvert;
using vrrp::Rejection;

constexpr core::OwnerId kOwner{7};

core::AdvertFilter filter_for(vrrp::InstanceSpec instance) {
  instance.interface = "eth0";
  const OwnerIds owners{{instance.name, kOwner}};
  const std::vector<std::string> ports{"other", "eth0"};
  return core::AdvertFilter{expected_adverts(std::span{&instance, 1}, owners, ports)};
}

core::Frame frame_on(core::PortIndex port, Bytes& bytes) {
  core::Frame frame;
  frame.data = bytes.data();
  frame.length = static_cast<std::uint16_t>(bytes.size());
  frame.packet_length = frame.length;
  frame.port = port;
  return frame;
}

packet::ParsedFrame parsed(const Bytes& bytes) { return packet::parse_frame(bytes.data(), bytes.size(), bytes.size()); }

AdvertFault fault_of(const core::AdvertFilter& filter, Bytes bytes, core::PortIndex port = 1) {
  return filter.look(frame_on(port, bytes), parsed(bytes)).fault;
}

// A fault by the judge's name; kUnknownPeer for what only the judge looks at.
AdvertFault fault_named(Rejection why) {
  switch (why) {
    case Rejection::kLength: return AdvertFault::kLength;
    case Rejection::kTtl: return AdvertFault::kTtl;
    case Rejection::kVersion: return AdvertFault::kVersion;
    case Rejection::kType: return AdvertFault::kType;
    case Rejection::kChecksum: return AdvertFault::kChecksum;
    case Rejection::kAuthenticationType: return AdvertFault::kAuthenticationType;
    case Rejection::kPassword: return AdvertFault::kPassword;
    case Rejection::kInterval: return AdvertFault::kInterval;
    case Rejection::kDelivery: return AdvertFault::kDelivery;
    case Rejection::kUnknownPeer:
    case Rejection::kOwnAddress:
    case Rejection::kPriority: return AdvertFault::kNone;
  }
  return AdvertFault::kNone;
}

// What the VRRP thread would come to about the same bytes.
AdvertFault judged(const vrrp::InstanceSpec& instance, const Bytes& bytes) {
  const auto heard = vrrp::read_frame(bytes);
  const auto id = heard ? vrrp::virtual_router_id_of(heard->message) : std::nullopt;
  if (!id) return AdvertFault::kUnreadable;
  if (*id != instance.virtual_router_id || heard->source.family() != instance.family) return AdvertFault::kUnknownRouter;
  const auto result = vrrp::judge(*heard, instance, {}, false);
  if (result) return AdvertFault::kNone;
  const bool is_of_peer = !instance.unicast_peers.empty() && result.error().why == Rejection::kTtl;
  return is_of_peer ? AdvertFault::kNone : fault_named(result.error().why);
}

struct Case {
  vrrp::InstanceSpec instance;
  RawAdvert advert;
};

std::vector<Case> right_ones() {
  return {{penstock::test::instance(), penstock::test::version2()},
          {penstock::test::instance3(), penstock::test::version3()},
          {penstock::test::instance3_ipv6(), penstock::test::version3_ipv6()},
          {penstock::test::instance_with_peers(),
           penstock::test::changed(penstock::test::unicast("10.77.0.3"), [](RawAdvert& a) { a.ttl = 254; })}};
}

TEST(AdvertFilter, LetsRightAdvertsPass) {
  for (const Case& each : right_ones()) {
    EXPECT_EQ(fault_of(filter_for(each.instance), frame_of(each.advert)), AdvertFault::kNone) << int{each.advert.version};
  }
}

TEST(AdvertFilter, NamesWhatIsWrong) {
  const core::AdvertFilter filter = filter_for(penstock::test::instance());
  const auto fault = [&](const std::function<void(RawAdvert&)>& change) {
    return fault_of(filter, frame_of(penstock::test::changed(penstock::test::version2(), change)));
  };
  EXPECT_EQ(fault([](RawAdvert& a) { a.virtual_router_id = 52; }), AdvertFault::kUnknownRouter);
  EXPECT_EQ(fault([](RawAdvert& a) { a.cut = 1; }), AdvertFault::kLength);
  EXPECT_EQ(fault([](RawAdvert& a) { a.cut = 16; }), AdvertFault::kLength) << "shorter than a header";
  EXPECT_EQ(fault([](RawAdvert& a) { a.more = 4; }), AdvertFault::kLength);
  EXPECT_EQ(fault([](RawAdvert& a) { a.count = 2; }), AdvertFault::kLength);
  EXPECT_EQ(fault([](RawAdvert& a) { a.ttl = 254; }), AdvertFault::kTtl);
  EXPECT_EQ(fault([](RawAdvert& a) {
              a.version = 1;
              a.password = "";
            }),
            AdvertFault::kVersion);
  EXPECT_EQ(fault([](RawAdvert& a) { a.authentication_type = 0; }), AdvertFault::kAuthenticationType);
  EXPECT_EQ(fault([](RawAdvert& a) { a.password = "passwore"; }), AdvertFault::kPassword);
  EXPECT_EQ(fault([](RawAdvert& a) { a.interval = 2; }), AdvertFault::kInterval);
  EXPECT_EQ(fault([](RawAdvert& a) { a.type = 2; }), AdvertFault::kType);
  EXPECT_EQ(fault([](RawAdvert& a) { a.checksum_error = 1; }), AdvertFault::kChecksum);
  EXPECT_EQ(fault([](RawAdvert& a) { a.destination = "10.77.0.1"; }), AdvertFault::kDelivery);
  EXPECT_EQ(fault_of(filter, frame_of(penstock::test::version3())), AdvertFault::kVersion);
  EXPECT_EQ(fault_of(filter, frame_with_ah(penstock::test::version2())), AdvertFault::kAuthenticationType);
  EXPECT_EQ(fault_of(filter, frame_of(penstock::test::version2()), 0), AdvertFault::kUnknownRouter) << "by another port";
  EXPECT_EQ(fault_of(core::AdvertFilter{}, frame_of(penstock::test::version2())), AdvertFault::kUnknownRouter);
}

// Whatever a frame is like, the filter says what the judge says, as far as it looks: so an honest advert never is among the
// doubtful ones, and what workers count has the judge's names.
TEST(AdvertFilter, AgreesWithTheJudgeAboutAnyBytes) {
  const auto seed = std::random_device{}();
  std::mt19937 random{seed};
  const auto below = [&](std::size_t limit) { return std::uniform_int_distribution<std::size_t>{0, limit - 1}(random); };
  std::size_t looked_at = 0;
  for (const Case& each : right_ones()) {
    const core::AdvertFilter filter = filter_for(each.instance);
    const Bytes right = frame_of(each.advert);
    for (int round = 0; round < 20'000; ++round) {
      Bytes bytes = right;
      for (std::size_t changes = below(3); changes > 0; --changes) {
        bytes[12 + below(bytes.size() - 12)] = static_cast<std::byte>(below(256));
      }
      if (below(8) == 0) bytes.resize(14 + below(bytes.size() - 13));
      // The IP header's checksum is made right again: else nearly all would end in the parser.
      if (bytes.size() >= 34 && each.instance.family == packet::Family::kIpv4) {
        const std::size_t length =
            std::min<std::size_t>((std::to_integer<std::size_t>(bytes[14]) & 0xfU) * 4, bytes.size() - 14);
        if (length >= 20) {
          packet::overlay<packet::Ipv4Header>(bytes.data() + 14).header_checksum =
              packet::ipv4_header_checksum(std::span{bytes}.subspan(14, length));
        }
      }
      const packet::ParsedFrame what = parsed(bytes);
      if (what.kind == packet::FrameKind::kMalformed) continue;
      const core::Frame frame = frame_on(1, bytes);
      if (what.kind != packet::FrameKind::kVrrp && !core::is_authenticated_advert(frame, what)) continue;
      ++looked_at;
      ASSERT_EQ(filter.look(frame, what).fault, judged(each.instance, bytes))
          << "seed " << seed << ": " << penstock::test::to_hex(bytes);
    }
  }
  EXPECT_GT(looked_at, 20'000U);
}

class Gate : public testing::Test {
 protected:
  core::Verdict pass(const RawAdvert& advert) {
    Bytes bytes = frame_of(advert);
    return gate_.pass(filter_, frame_on(1, bytes), parsed(bytes), now_);
  }
  std::size_t passed(const RawAdvert& advert, std::size_t times) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < times; ++i) count += pass(advert).action == core::Action::kPunt ? 1 : 0;
    return count;
  }
  VrrpThreadStatus status() const {
    VrrpThreadStatus status;
    status.instances.push_back({.name = "VI_1"});
    worker_adverts_.add_to(status, {{"VI_1", kOwner}});
    return status;
  }

  core::CounterBoard board_{2};
  core::AdvertGate gate_{board_.adverts(1)};
  core::AdvertFilter filter_ = filter_for(penstock::test::instance());
  WorkerAdverts worker_adverts_{board_};
  core::Tick now_ = 0;
};

TEST_F(Gate, LetsASampleOfAFloodThroughAndCountsTheRestByName) {
  const RawAdvert wrong = penstock::test::changed(penstock::test::version2(), [](RawAdvert& a) { a.password = "wrong"; });
  EXPECT_EQ(pass(wrong).punt, core::PuntClass::kDoubtfulAdvert);
  EXPECT_EQ(passed(wrong, 999), core::AdvertGate::kDoubtfulBurst - 1);
  now_ += core::kTicksPerSecond;
  EXPECT_EQ(passed(wrong, 1000), core::AdvertGate::kDoubtfulPerSecond);
  const auto counters = status().instances[0].counters;
  EXPECT_EQ(counters.rejected[static_cast<std::size_t>(Rejection::kPassword)],
            2000 - core::AdvertGate::kDoubtfulBurst - core::AdvertGate::kDoubtfulPerSecond);
  EXPECT_EQ(counters.adverts_limited, 0U);
}

TEST_F(Gate, AFloodUnderTheMastersOwnAddressIsNotInItsAdvertsWay) {
  const RawAdvert wrong = penstock::test::changed(penstock::test::version2(), [](RawAdvert& a) { a.password = "wrong"; });
  passed(wrong, 100'000);
  const core::Verdict verdict = pass(penstock::test::version2());
  EXPECT_EQ(verdict.action, core::Action::kPunt);
  EXPECT_EQ(verdict.punt, core::PuntClass::kVrrp);
}

TEST_F(Gate, AFloodOfOneSenderWithTheRightPasswordTakesNothingFromAnother) {
  EXPECT_EQ(passed(penstock::test::version2(), 1000), core::AdvertGate::kCredibleBurst);
  std::size_t others = 0;
  for (int last = 10; last < 60; ++last) {
    others += passed(penstock::test::changed(penstock::test::version2(),
                                             [&](RawAdvert& a) { a.source = "10.77.0." + std::to_string(last); }),
                     1);
  }
  EXPECT_GE(others, 45U) << "some may share the flood's class by chance";
  EXPECT_EQ(status().instances[0].counters.adverts_limited, 1000 - core::AdvertGate::kCredibleBurst + 50 - others);
}

TEST_F(Gate, CountsWhatIsForNobodyHereAsStrangers) {
  const RawAdvert foreign = penstock::test::changed(penstock::test::version2(), [](RawAdvert& a) { a.virtual_router_id = 99; });
  const RawAdvert empty = penstock::test::changed(penstock::test::version2(), [](RawAdvert& a) { a.cut = 20; });
  const std::size_t shown = passed(foreign, 100) + passed(empty, 50);
  EXPECT_EQ(status().strangers.unknown_router + status().strangers.unreadable + shown, 150U);
  EXPECT_GT(status().strangers.unreadable, 0U);
}

TEST_F(Gate, ARouterThatTakesOverAnIdBeginsWithNothingCounted) {
  passed(penstock::test::changed(penstock::test::version2(), [](RawAdvert& a) { a.ttl = 1; }), 100);
  EXPECT_GT(status().instances[0].counters.rejected[static_cast<std::size_t>(Rejection::kTtl)], 0U);
  worker_adverts_.begin(kOwner);
  EXPECT_EQ(status().instances[0].counters.rejected[static_cast<std::size_t>(Rejection::kTtl)], 0U);
}

TEST(ExpectedAdverts, LeaveOutInstancesOnOtherInterfaces) {
  std::vector<vrrp::InstanceSpec> instances{penstock::test::instance()};
  instances[0].interface = "dummy0";
  EXPECT_TRUE(expected_adverts(instances, {{"VI_1", kOwner}}, std::vector<std::string>{"eth0"}).empty());
}

}  // namespace
}  // namespace penstock::control
