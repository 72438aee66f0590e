// Snapshots published while both workers are forwarding: a change takes effect, loses nothing and moves no flow.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "tests/dpdk/two_workers.h"
#include "tests/support/hex.h"

namespace penstock::dpdk::testing {
namespace {

using core::Action;
using core::DropReason;
using test::Side;
using test::Situation;

// One more server in all services.
Situation four_servers() {
  Situation situation = for_two(test::three_servers());
  situation.servers.resize(kFourth + 1);
  for (test::RowService& service : situation.services) service.servers.push_back(kFourth);
  return situation;
}

class TwoWorkersUnderTraffic : public TwoWorkers {
 protected:
  static constexpr std::uint16_t kFlows = 64;
  static constexpr std::uint16_t kFirstPort = 1001;

  void SetUp() override {
    plane_->begin(four_servers());
    for (std::uint16_t port = kFirstPort; port < kFirstPort + kFlows; ++port) {
      for (const Side* side : test::both_sides()) servers_[{side, port}] = connect(*side, port, port % 2);
    }
  }
  // One round of traffic by both queues, without waiting: a packet of each known flow, and so many new flows.
  void send_round(unsigned new_flows);
  // Sorts what has left into the known flows' packets, which must have gone to `servers_`, and the new flows' servers.
  void look(std::multiset<unsigned>& new_flows_servers);
  // No more than so many frames are on their way, so that no ring overflows.
  void keep_up(std::multiset<unsigned>& new_flows_servers);

  std::map<std::pair<const Side*, std::uint16_t>, unsigned> servers_;
  std::set<std::string> known_;  // what the known flows' packets look like as they leave
  std::uint16_t next_port_ = 10'000;
  std::uint64_t known_sent_ = 0;
  std::uint64_t known_left_ = 0;
};

void TwoWorkersUnderTraffic::send_round(unsigned new_flows) {
  for (const auto& [flow, server] : servers_) {
    const auto& [side, port] = flow;
    arrive(side->ack(port), port % 2);
    ++known_sent_;
  }
  for (unsigned i = 0; i < new_flows; ++i) {
    const std::uint16_t port = next_port_++;
    arrive((port / 2 % 2 == 0 ? test::ipv4_side() : test::ipv6_side()).syn(port), port % 2);
  }
}

void TwoWorkersUnderTraffic::look(std::multiset<unsigned>& new_flows_servers) {
  if (known_.empty()) {
    for (const auto& [flow, server] : servers_)
      known_.insert(test::to_hex(test::forwarded(flow.first->ack(flow.second), server).out));
  }
  for (const Departure& out : take_departures()) {
    if (known_.contains(test::to_hex(out.bytes))) {
      ++known_left_;
      continue;
    }
    const auto server = server_of(out.bytes);
    ASSERT_TRUE(server) << test::to_hex(out.bytes);
    new_flows_servers.insert(*server);
  }
}

void TwoWorkersUnderTraffic::keep_up(std::multiset<unsigned>& new_flows_servers) {
  constexpr std::uint64_t kUnderWay = 1500;
  ASSERT_TRUE(eventually([&] {
    look(new_flows_servers);
    return plane_->arrived() - left_ - plane_->acted(Action::kDrop) < kUnderWay;
  }));
}

TEST_F(TwoWorkersUnderTraffic, ChangesOfWeightsAndServersTakeEffectWithoutLossOrAMovedFlow) {
  // No known flow is at the fourth server, so taking it away loses nothing; the second one is only quiesced.
  std::erase_if(servers_, [](const auto& entry) { return entry.second == kFourth; });
  const Situation all = four_servers();
  const Situation removed = test::without_server(all, kFourth);
  const Situation quiesced = test::with_server(removed, 1, {.weight = 0});
  Situation weighted = test::with_server(removed, 2, {.weight = 5});
  for (test::RowService& service : weighted.services) service.scheduler = core::SchedulerKind::kWeightedRoundRobin;

  std::multiset<unsigned> any;  // new flows' servers while snapshots change under them
  for (unsigned round = 0; round < 200; ++round) {
    send_round(4);
    const std::array<const Situation*, 4> sequence{&weighted, &quiesced, &removed, &weighted};
    plane_->publish(*sequence[round % 4]);
    (void)plane_->reclaim();
    keep_up(any);
  }
  // A change is in effect, at the latest, when the one before it is free.
  plane_->change(quiesced);
  plane_->settle();
  look(any);
  std::multiset<unsigned> after;
  send_round(400);
  plane_->settle();
  look(after);
  EXPECT_EQ(after.size(), 400U);
  EXPECT_EQ(after.count(1) + after.count(kFourth), 0U) << "neither the quiesced nor the removed one";
  EXPECT_NEAR(static_cast<double>(after.count(0)), static_cast<double>(after.count(2)), 4) << "two round robins on each worker";

  EXPECT_EQ(known_left_, known_sent_) << "each packet of a known flow went to its server";
  EXPECT_EQ(any.size(), 200U * 4);
  EXPECT_EQ(plane_->acted(Action::kDrop), 0U);
  EXPECT_TRUE(take_punted().empty());
}

TEST_F(TwoWorkersUnderTraffic, ARemovedServersFlowsAreDroppedByNameUntilItComesBack) {
  std::multiset<unsigned> none;
  const auto at_fourth =
      static_cast<std::uint64_t>(std::ranges::count_if(servers_, [](const auto& entry) { return entry.second == kFourth; }));
  ASSERT_GT(at_fourth, 0U);
  plane_->change(test::without_server(four_servers(), kFourth));
  for (unsigned round = 0; round < 20; ++round) {
    send_round(0);
    keep_up(none);
  }
  plane_->settle();
  EXPECT_EQ(plane_->dropped(DropReason::kServerRemoved), 20 * at_fourth);
  plane_->change(four_servers());
  for (unsigned round = 0; round < 20; ++round) {
    send_round(0);
    keep_up(none);
  }
  plane_->settle();
  look(none);
  EXPECT_EQ(plane_->dropped(DropReason::kServerRemoved), 20 * at_fourth) << "and no more since it came back";
  EXPECT_EQ(known_left_, known_sent_ - 20 * at_fourth);
  EXPECT_TRUE(none.empty());
}

}  // namespace
}  // namespace penstock::dpdk::testing
