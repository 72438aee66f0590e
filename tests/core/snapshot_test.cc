// What a health check's verdict changes in a copy of the last snapshot, in place of a new build.
#include "dataplane/core/snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "tests/support/packet_builder.h"

namespace penstock::core {
namespace {

using test::v4;
using testing::ElementsAre;

constexpr ServerId kServer0{0};
constexpr ServerId kServer1{1};
constexpr ServerId kServer2{2};

RealServer weighing(std::uint32_t weight) {
  RealServer server;
  server.weight = weight;
  return server;
}

std::shared_ptr<const MaglevTable> table_of(ServerId id) {
  const MaglevTable::Member member{.id = id, .key = 1, .weight = 1};
  return std::make_shared<const MaglevTable>(std::span{&member, 1});
}

// To the second generation.
MembersChange change(std::vector<std::pair<ServerId, RealServer>> servers, std::vector<ServerId> members,
                     std::shared_ptr<const MaglevTable> maglev = nullptr) {
  return {.servers = std::move(servers), .members = std::move(members), .generation = 2, .maglev = std::move(maglev)};
}

// Two services, of one server each and room for two, and three servers in all.
class ChangeMembers : public testing::Test {
 protected:
  static std::unique_ptr<Snapshot> build(SchedulerKind scheduler) {
    SnapshotBuilder builder;
    for (const ServerId id : {kServer0, kServer1, kServer2}) builder.set_server(id, weighing(4));
    for (std::uint16_t i = 0; i < 2; ++i) {
      builder.add_service({.endpoint = {v4("192.168.1.200"), static_cast<std::uint16_t>(80 + i)},
                           .protocol = packet::Protocol::kTcp,
                           .virtual_id = VirtualId{static_cast<std::uint16_t>(i + 1)},
                           .scheduler = scheduler,
                           .scheduler_slot = i,
                           .generation = 1,
                           .members = {i == 0 ? kServer0 : kServer2},
                           .room = 2,
                           .maglev = scheduler == SchedulerKind::kMaglev ? table_of(i == 0 ? kServer0 : kServer2) : nullptr});
    }
    return builder.build();
  }
  static std::vector<ServerId> members(const Snapshot& snapshot, std::uint16_t service) {
    const auto found = snapshot.members(snapshot.service(service));
    return {found.begin(), found.end()};
  }

  std::unique_ptr<Snapshot> snapshot_ = build(SchedulerKind::kWeightedRoundRobin);
};

TEST_F(ChangeMembers, TheServiceHasTheNewMembersAndWhatFollowsFromThem) {
  RealServer limited = weighing(6);
  limited.upper_threshold = 100;
  ASSERT_TRUE(snapshot_->change_members(0, change({{kServer1, limited}}, {kServer1, kServer0})));
  EXPECT_THAT(members(*snapshot_, 0), ElementsAre(kServer1, kServer0));
  EXPECT_EQ(snapshot_->server(kServer1).weight, 6U);
  const Service& service = snapshot_->service(0);
  EXPECT_EQ(service.generation, 2U);
  EXPECT_EQ(service.weight_gcd, 2U);
  EXPECT_EQ(service.max_weight, 6U);
  EXPECT_TRUE(service.has_thresholds);
}

TEST_F(ChangeMembers, TheOtherServiceStaysAsItWas) {
  ASSERT_TRUE(snapshot_->change_members(0, change({}, {kServer1, kServer0})));
  EXPECT_THAT(members(*snapshot_, 1), ElementsAre(kServer2));
  EXPECT_EQ(snapshot_->service(1).generation, 1U);
}

TEST_F(ChangeMembers, AServiceMayLoseAllItsServers) {
  ASSERT_TRUE(snapshot_->change_members(0, change({}, {})));
  EXPECT_TRUE(members(*snapshot_, 0).empty());
  EXPECT_EQ(snapshot_->service(0).max_weight, 0U);
  EXPECT_EQ(snapshot_->service(0).weight_gcd, 1U) << "it divides";
}

TEST_F(ChangeMembers, MoreThanThereIsRoomForIsRefusedAndNothingHasChanged) {
  EXPECT_FALSE(snapshot_->change_members(0, change({{kServer0, weighing(9)}}, {kServer2, kServer1, kServer0})));
  EXPECT_THAT(members(*snapshot_, 0), ElementsAre(kServer0));
  EXPECT_EQ(snapshot_->service(0).generation, 1U);
  EXPECT_EQ(snapshot_->server(kServer0).weight, 4U);
}

TEST_F(ChangeMembers, AServerWithoutAPlaceIsRefusedAndNothingHasChanged) {
  EXPECT_FALSE(snapshot_->change_members(0, change({{kServer0, weighing(9)}, {ServerId{3}, weighing(1)}}, {ServerId{3}})));
  EXPECT_THAT(members(*snapshot_, 0), ElementsAre(kServer0));
  EXPECT_EQ(snapshot_->server(kServer0).weight, 4U);
}

TEST_F(ChangeMembers, ATableOfMhIsReplacedInTheCopyOnly) {
  const std::unique_ptr<Snapshot> old = build(SchedulerKind::kMaglev);
  Snapshot copy = *old;
  ASSERT_TRUE(copy.change_members(0, change({}, {kServer1}, table_of(kServer1))));
  EXPECT_EQ((*copy.maglev_table(copy.service(0)))[0], kServer1);
  EXPECT_EQ((*old->maglev_table(old->service(0)))[0], kServer0);
  EXPECT_EQ((*copy.maglev_table(copy.service(1)))[0], kServer2);
}

}  // namespace
}  // namespace penstock::core
