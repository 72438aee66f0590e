// Two workers on the two queues of one port, as RSS would feed them: flows stay where they are, and an ICMP error that comes by
// the wrong queue still finds its flow.
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <set>
#include <string>

#include "dataplane/packet/icmp.h"
#include "tests/dpdk/two_workers.h"
#include "tests/support/hex.h"

namespace penstock::dpdk::testing {
namespace {

using core::Action;
using test::Bytes;
using test::Side;

// ---- Connections

TEST_F(TwoWorkers, EachBeginsConnectionsOfItsOwnAndKeepsThem) {
  constexpr std::uint16_t kFlows = 300;  // of each family and protocol
  std::map<std::string, unsigned> queue_of;
  const auto begin = [&](const Bytes& frame, unsigned queue) {
    arrive(frame, queue);
    for (unsigned server = 0; server < 3; ++server) queue_of[test::to_hex(test::forwarded(frame, server).out)] = queue;
  };
  for (const Side* side : test::both_sides()) {
    for (std::uint16_t port = 1001; port <= 1000 + kFlows; ++port) {
      begin(side->syn(port), port % 2);
      begin(side->udp(port), port % 2);
    }
  }
  plane_->settle();
  const auto first = take_departures();
  ASSERT_EQ(first.size(), 4U * kFlows);
  std::map<std::pair<unsigned, unsigned>, unsigned> count_of;  // by queue and server
  for (const Departure& out : first) {
    const auto expected = queue_of.find(test::to_hex(out.bytes));
    ASSERT_NE(expected, queue_of.end()) << test::to_hex(out.bytes);
    EXPECT_EQ(out.queue, expected->second) << "its own worker sends it";
    ++count_of[{out.queue, *server_of(out.bytes)}];
  }
  // Round robin on each worker: 150 flows of each of 4 services over 3 servers.
  for (unsigned queue = 0; queue < 2; ++queue) {
    for (unsigned server = 0; server < 3; ++server) EXPECT_EQ((count_of[{queue, server}]), 4 * kFlows / 2 / 3);
    EXPECT_EQ(plane_->board().worker(static_cast<core::WorkerIndex>(queue)).connections4.get(), kFlows);
    EXPECT_EQ(plane_->board().worker(static_cast<core::WorkerIndex>(queue)).connections6.get(), kFlows);
  }

  // The same frames once more (a SYN sent again keeps its connection): to the same servers.
  for (const Side* side : test::both_sides()) {
    for (std::uint16_t port = 1001; port <= 1000 + kFlows; ++port) {
      arrive(side->syn(port), port % 2);
      arrive(side->udp(port), port % 2);
    }
  }
  plane_->settle();
  const auto text_of = [](const std::vector<Departure>& all) {
    std::multiset<std::string> texts;
    for (const Departure& out : all) texts.insert(std::to_string(out.queue) + test::to_hex(out.bytes));
    return texts;
  };
  EXPECT_EQ(text_of(take_departures()), text_of(first));
  EXPECT_EQ(plane_->acted(Action::kHandOver), 0U);
}

// ---- ICMP errors

// A router's "too big" about a server's answer to this client port.
Bytes too_big(const Side& side, std::uint16_t client_port) {
  const auto type = side.is_v4 ? packet::icmp_type::kDestinationUnreachable : packet::icmpv6_type::kPacketTooBig;
  const auto code = side.is_v4 ? packet::icmp_code::kFragmentationNeeded : std::uint8_t{0};
  return side.from(side.router).icmp_error(type, code, 1400, side.answer(client_port)).build();
}

TEST_F(TwoWorkers, ATooBigMessageByTheWrongQueueReachesTheFlowsServer) {
  std::uint16_t client_port = 1000;
  std::array<std::uint64_t, 2> handed_over{};
  for (const Side* side : test::both_sides()) {
    for (unsigned round = 0; round < 12; ++round) {
      const unsigned owner = round % 2;
      const unsigned server = connect(*side, ++client_port, owner);
      const Bytes error = too_big(*side, client_port);
      arrive(error, 1 - owner);
      const auto out = only_departure();
      ASSERT_TRUE(out);
      EXPECT_EQ(test::to_hex(out->bytes), test::to_hex(test::forwarded(error, server).out)) << side->name;
      EXPECT_EQ(out->queue, owner) << "sent by the worker that owns the flow";
      ++handed_over[owner];
      EXPECT_EQ(plane_->handed_over_to(owner), handed_over[owner]);
      EXPECT_EQ(plane_->handed_over_to(1 - owner), handed_over[1 - owner]) << "not sent round";
    }
  }
  EXPECT_EQ(plane_->board().worker(0).related_icmp.get() + plane_->board().worker(1).related_icmp.get(), 24U);
  EXPECT_TRUE(take_punted().empty());
}

TEST_F(TwoWorkers, ATooBigMessageByTheRightQueueIsNotHandedOver) {
  for (const Side* side : test::both_sides()) {
    const unsigned server = connect(*side, 1000, 1);
    const Bytes error = too_big(*side, 1000);
    arrive(error, 1);
    const auto out = only_departure();
    ASSERT_TRUE(out);
    EXPECT_EQ(test::to_hex(out->bytes), test::to_hex(test::forwarded(error, server).out)) << side->name;
  }
  EXPECT_EQ(plane_->acted(Action::kHandOver), 0U);
}

TEST_F(TwoWorkers, AnErrorAboutNobodysFlowGoesToTheKernelOnceAndUnchanged) {
  for (const Side* side : test::both_sides()) {
    for (unsigned queue = 0; queue < 2; ++queue) {
      (void)connect(*side, static_cast<std::uint16_t>(2000 + queue), queue);
      const Bytes error = too_big(*side, 999);
      arrive(error, queue);
      plane_->settle();
      const auto punted = take_punted();
      ASSERT_EQ(punted.size(), 1U) << side->name << " by queue " << queue;
      EXPECT_EQ(test::to_hex(punted[0].bytes), test::to_hex(error));
      EXPECT_EQ(punted[0].punt_class, core::PuntClass::kOther);
      EXPECT_TRUE(take_departures().empty());
    }
  }
  EXPECT_EQ(plane_->acted(Action::kHandOver), 4U) << "each was shown to the other worker once";
}

}  // namespace
}  // namespace penstock::dpdk::testing
