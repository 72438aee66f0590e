#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <span>
#include <string>

#include "tests/control/director/director_fixture.h"

namespace penstock::control {
namespace {

using core::index_of;

TEST_F(DirectorTest, WalksServersLastAddedFirstAsTheKernelDoes) {
  apply(Services({web({real_server("10.0.0.1"), real_server("10.0.0.2"), real_server("10.0.0.3")})}));
  EXPECT_EQ(walk(), (std::vector<std::string>{"10.0.0.3", "10.0.0.2", "10.0.0.1"}));
}

// What workers can see of a snapshot, as text.
std::string seen_in(const core::Snapshot& snapshot, std::span<const Director::Key> keys) {
  std::string text;
  for (const Director::Key& key : keys) {
    const auto hit = snapshot.service_table().find(key.endpoint.address.v4(), key.endpoint.port, 6);
    if (!hit) continue;
    const core::Service& service = snapshot.service(hit.service);
    text +=
        fmt::format("{}: generation {}, gcd {}, most {}, thresholds {}, turns {}:", key.endpoint.to_string(),
                    service.generation, service.weight_gcd, service.max_weight, service.has_thresholds, service.takes_turns);
    for (const core::ServerId id : snapshot.members(service)) text += fmt::format(" {}", index_of(id));
    text += '\n';
  }
  for (std::size_t i = 0; i < snapshot.server_slots(); ++i) {
    const core::RealServer& server = snapshot.server(static_cast<core::ServerId>(i));
    text +=
        fmt::format("{}: {} weight {} from {} to {} straight {} open {}\n", i, server.destination.to_string(), server.weight,
                    server.lower_threshold, server.upper_threshold, server.straight_mtu, static_cast<bool>(server.is_open));
  }
  return text;
}

TEST_F(DirectorTest, NewRowsInACopyAreWhatABuildWouldGive) {
  const std::vector<Director::Key> keys{{{ip("192.168.1.200"), 80}, packet::Protocol::kTcp},
                                        {{ip("192.168.1.200"), 81}, packet::Protocol::kTcp},
                                        {{ip("192.168.1.201"), 80}, packet::Protocol::kTcp}};
  Services services;
  for (const Director::Key& key : keys) {
    services.push_back(
        service(key.endpoint, key.protocol, {real_server("10.0.0.1"), real_server("10.0.0.2"), real_server("10.0.0.3")}));
  }
  apply(services);
  for (std::uint8_t last = 1; last <= 3; ++last) director_.set_next_hop(services[0].named[last - 1U].address, resolved(last));
  static_cast<void>(director_.build_snapshot());
  std::mt19937 random{1};
  for (int step = 0; step < 300; ++step) {
    const Director::Wanted& wanted = services[random() % services.size()];
    std::vector<Director::Row> rows;
    for (const packet::Endpoint& endpoint : wanted.named) {
      if (random() % 3 != 0)
        rows.push_back({endpoint, static_cast<std::uint32_t>(random() % 4), static_cast<std::uint32_t>(random() % 2) * 10});
    }
    director_.set_rows(wanted.key, rows);
    const std::string copied = seen_in(*director_.snapshot_with_new_rows(), keys);
    if (step % 10 == 0) {
      ASSERT_EQ(copied, seen_in(*director_.build_snapshot(), keys)) << step;
    }
  }
}

TEST_F(DirectorTest, AConfigurationIsInTheNextSnapshotWhicheverWayItIsMade) {
  apply(Services({web({real_server("10.0.0.1")})}));
  static_cast<void>(director_.build_snapshot());
  apply(Services({web({real_server("10.0.0.1"), real_server("10.0.0.2")})}));
  EXPECT_EQ(director_.snapshot_with_new_rows()->server_slots(), 2U);
}

TEST_F(DirectorTest, PutsAServerThatAReloadAddsFirstWhereverItStandsInTheFile) {
  apply(Services({web({real_server("10.0.0.1"), real_server("10.0.0.3")})}));
  const auto changes = apply(Services({web({real_server("10.0.0.1"), real_server("10.0.0.2"), real_server("10.0.0.3")})}));
  EXPECT_EQ(changes.servers_added, 1U);
  EXPECT_EQ(walk(), (std::vector<std::string>{"10.0.0.2", "10.0.0.3", "10.0.0.1"}));
}

TEST_F(DirectorTest, SaysThatTheSameConfigurationChangesNothing) {
  const Services services{web({real_server("10.0.0.1"), real_server("10.0.0.2")})};
  EXPECT_TRUE(apply(services).any());
  const std::uint32_t generation = director_.services()[0]->generation;
  EXPECT_FALSE(apply(services).any());
  EXPECT_EQ(director_.services()[0]->generation, generation);
}

TEST_F(DirectorTest, CountsEachKindOfChange) {
  apply(Services({web({real_server("10.0.0.1"), real_server("10.0.0.2")})}));
  const Director::Wanted dns = service({ip("192.168.1.200"), 53}, packet::Protocol::kUdp, {real_server("10.0.0.9")});
  const auto changes = apply(Services({web({real_server("10.0.0.1", 5), real_server("10.0.0.3")}), dns}));
  EXPECT_EQ(changes.services_added, 1U);
  EXPECT_EQ(changes.servers_added, 2U);
  EXPECT_EQ(changes.servers_removed, 1U);
  EXPECT_EQ(changes.servers_changed, 1U);
  EXPECT_EQ(apply(Services({})).services_removed, 2U);
}

TEST_F(DirectorTest, KeepsARemovedServersIdWhileItHasConnectionsAndGivesItBackWhenItReturns) {
  apply(Services({web({real_server("10.0.0.1"), real_server("10.0.0.2")})}));
  const core::ServerId id = id_of("10.0.0.2");
  open_connection(id);
  apply(Services({web({real_server("10.0.0.1")})}));
  EXPECT_EQ(walk(), (std::vector<std::string>{"10.0.0.1"}));
  EXPECT_FALSE(director_.build_snapshot()->server(id).available);
  EXPECT_FALSE(director_.collect(now_ + 10 * Director::kRest));

  apply(Services({web({real_server("10.0.0.1"), real_server("10.0.0.2")})}));
  EXPECT_EQ(id_of("10.0.0.2"), id);
  EXPECT_TRUE(director_.build_snapshot()->server(id).available);
}

TEST_F(DirectorTest, ForgetsARemovedServerOnlyAfterItHasRestedWithoutConnections) {
  apply(Services({web({real_server("10.0.0.1"), real_server("10.0.0.2")})}));
  const core::ServerId id = id_of("10.0.0.2");
  open_connection(id);
  apply(Services({web({real_server("10.0.0.1")})}));
  EXPECT_FALSE(director_.collect(now_));
  close_connection(id);
  EXPECT_FALSE(director_.collect(now_ + Director::kRest));
  EXPECT_FALSE(director_.collect(now_ + 2 * Director::kRest - std::chrono::seconds{1}));
  EXPECT_TRUE(director_.collect(now_ + 2 * Director::kRest));
  EXPECT_EQ(director_.find(id), nullptr);
}

TEST_F(DirectorTest, StartsTheRestAnewWhenAConnectionIsSeenAgain) {
  apply(Services({web({real_server("10.0.0.1")})}));
  const core::ServerId id = id_of("10.0.0.1");
  apply(Services({web({})}));
  EXPECT_FALSE(director_.collect(now_));
  open_connection(id);  // a worker that had not seen the change yet
  EXPECT_FALSE(director_.collect(now_ + std::chrono::seconds{1}));
  close_connection(id);
  EXPECT_FALSE(director_.collect(now_ + Director::kRest));
  EXPECT_TRUE(director_.collect(now_ + 2 * Director::kRest));
}

TEST_F(DirectorTest, LooksAtTheConnectionsOfAllWorkersBeforeItForgets) {
  apply(Services({web({real_server("10.0.0.1")})}));
  const core::ServerId id = id_of("10.0.0.1");
  apply(Services({web({})}));
  board_.server(1, id).inactive.add();
  director_.collect(now_);
  EXPECT_FALSE(director_.collect(now_ + 2 * Director::kRest));
}

TEST_F(DirectorTest, KeepsARemovedServicesIdsUntilItsServersAreForgotten) {
  apply(Services({web({real_server("10.0.0.1")})}));
  const core::VirtualId id = director_.services()[0]->id;
  open_connection(id_of("10.0.0.1"));
  apply(Services({}));
  EXPECT_TRUE(walk().empty());
  director_.collect(now_ + 5 * Director::kRest);
  apply(Services({web({real_server("10.0.0.1")})}));
  EXPECT_EQ(director_.services()[0]->id, id);
  EXPECT_TRUE(director_.services()[0]->configured);
}

TEST_F(DirectorTest, CountsFromZeroForAServerWithAnIdThatWasUsedBefore) {
  std::vector<Director::Row> many;
  for (int i = 0; i < 65535; ++i) {
    many.push_back({.endpoint = {packet::Ipv4Address{0x0a000000U + static_cast<std::uint32_t>(i)}, 80}});
  }
  apply(Services({web(many)}));  // every id is in use
  const core::ServerId id = id_of("10.0.0.7");
  board_.server(0, id).packets.add(1000);
  std::erase_if(many, [](const Director::Row& server) { return server.endpoint.address == ip("10.0.0.7"); });
  apply(Services({web(many)}));
  director_.collect(now_);
  ASSERT_TRUE(director_.collect(now_ + Director::kRest));
  EXPECT_EQ(director_.traffic_of(*director_.services()[0]).packets, 1000U);  // the service remembers

  many.push_back(real_server("11.0.0.1"));
  apply(Services({web(many)}));
  ASSERT_EQ(id_of("11.0.0.1"), id);
  EXPECT_EQ(director_.traffic_of(*director_.find(id)).packets, 0U);
  EXPECT_EQ(director_.traffic_of(*director_.services()[0]).packets, 1000U);
}

TEST_F(DirectorTest, RefusesMoreServersThanThereAreIdsAndChangesNothing) {
  apply(Services({web({real_server("10.0.0.1")})}));
  std::vector<Director::Row> many;
  for (std::uint32_t i = 0; i < 65536; ++i) many.push_back({.endpoint = {packet::Ipv4Address{0x0b000000U + i}, 80}});
  const auto refused = director_.apply(Services({web(many)}));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error(), "65536 real servers are new, but only 65534 more can be had");
  EXPECT_EQ(walk(), (std::vector<std::string>{"10.0.0.1"}));
}

TEST_F(DirectorTest, GivesAServerNewConnectionsOnceItsNextHopIsResolved) {
  apply(Services({web({real_server("10.0.0.1")})}));
  const core::ServerId id = id_of("10.0.0.1");
  EXPECT_FALSE(director_.build_snapshot()->server(id).takes_new());
  director_.set_next_hop(ip("10.0.0.1"), resolved(7));
  const auto snapshot = director_.build_snapshot();
  EXPECT_TRUE(snapshot->server(id).takes_new());
  EXPECT_EQ(snapshot->server(id).destination, (MacAddress{{2, 0, 0, 0, 1, 7}}));
  EXPECT_EQ(snapshot->server(id).source, kPortMac);
  EXPECT_EQ(snapshot->server(id).mtu, 1500);
}

TEST_F(DirectorTest, KeepsTheLastMacForOldConnectionsWhenTheNextHopFails) {
  apply(Services({web({real_server("10.0.0.1")})}));
  director_.set_next_hop(ip("10.0.0.1"), resolved(7, NextHop::State::kFailed));
  const auto snapshot = director_.build_snapshot();
  const core::RealServer& server = snapshot->server(id_of("10.0.0.1"));
  EXPECT_TRUE(server.resolved);
  EXPECT_FALSE(server.takes_new());
}

TEST_F(DirectorTest, DeliversToTheKernelWhenTheServerIsThisHost) {
  apply(Services({web({real_server("10.0.0.1")})}));
  NextHop hop;
  hop.state = NextHop::State::kLocal;
  hop.interface_name = "lo";
  director_.set_next_hop(ip("10.0.0.1"), hop);
  const auto snapshot = director_.build_snapshot();
  EXPECT_TRUE(snapshot->server(id_of("10.0.0.1")).local);
  EXPECT_TRUE(snapshot->server(id_of("10.0.0.1")).takes_new());
}

TEST_F(DirectorTest, CannotReachAServerBehindAnInterfaceThatIsNoPort) {
  apply(Services({web({real_server("10.0.0.1")})}));
  NextHop hop = resolved(7);
  hop.interface_name = "mgmt0";
  director_.set_next_hop(ip("10.0.0.1"), hop);
  EXPECT_FALSE(director_.build_snapshot()->server(id_of("10.0.0.1")).takes_new());
}

TEST_F(DirectorTest, FollowsTheAddressesOfRemovedServersToo) {
  apply(Services({web({real_server("10.0.0.1"), real_server("10.0.0.2")})}));
  open_connection(id_of("10.0.0.2"));
  apply(Services({web({real_server("10.0.0.1")})}));
  EXPECT_EQ(director_.server_addresses(), (std::vector<IpAddress>{ip("10.0.0.1"), ip("10.0.0.2")}));
}

TEST_F(DirectorTest, ListsServicesAndServersInTheFilesOrderAndRemovedOnesLast) {
  const packet::Endpoint other_port{ip("192.168.1.200"), 8080};
  const Director::Wanted first =
      service(other_port, packet::Protocol::kTcp, {real_server("10.0.0.9"), real_server("10.0.0.1")});
  apply(Services({first, web({real_server("10.0.0.1")})}));
  apply(Services({web({real_server("10.0.0.1")}), first}));
  ASSERT_EQ(director_.services().size(), 2U);
  EXPECT_EQ(director_.services()[0]->endpoint.port, 80);
  const auto servers = Director::servers(*director_.services()[1]);
  EXPECT_EQ(servers[0]->endpoint.address, ip("10.0.0.9"));
  open_connection(servers[0]->id);
  apply(Services({service(other_port, packet::Protocol::kTcp, {real_server("10.0.0.1")})}));
  EXPECT_EQ(Director::servers(*director_.services()[0])[1]->endpoint.address, ip("10.0.0.9"));
  EXPECT_FALSE(director_.services()[1]->configured);
}

TEST_F(DirectorTest, TakesAServerOutOfServiceAndBackWithTheSameIdHoweverLongItWasDown) {
  const Director::Wanted both = web({real_server("10.0.0.1"), real_server("10.0.0.2")});
  apply({both});
  const core::ServerId id = id_of("10.0.0.1");
  const auto down = director_.set_rows(both.key, std::vector{real_server("10.0.0.2")});
  EXPECT_EQ(down.servers_removed, 1U);
  EXPECT_EQ(walk(), (std::vector<std::string>{"10.0.0.2"}));
  EXPECT_FALSE(director_.build_snapshot()->server(id).available);
  EXPECT_FALSE(director_.collect(now_));
  EXPECT_FALSE(director_.collect(now_ + 10 * Director::kRest));  // the configuration names it

  const auto up = director_.set_rows(both.key, both.rows);
  EXPECT_EQ(up.servers_added, 1U);
  EXPECT_EQ(id_of("10.0.0.1"), id);
  EXPECT_EQ(walk(), (std::vector<std::string>{"10.0.0.1", "10.0.0.2"}));  // added last, so walked first
}

TEST_F(DirectorTest, KeepsTheConnectionsOfAServerWhoseWeightBecomesZero) {
  const Director::Wanted both = web({real_server("10.0.0.1"), real_server("10.0.0.2")});
  apply({both});
  director_.set_next_hop(ip("10.0.0.1"), resolved(7));
  const auto changes = director_.set_rows(both.key, std::vector{real_server("10.0.0.1", 0), real_server("10.0.0.2")});
  EXPECT_EQ(changes.servers_changed, 1U);
  EXPECT_TRUE(director_.build_snapshot()->server(id_of("10.0.0.1")).available);
}

TEST_F(DirectorTest, ForgetsAServerThatWasOutOfServiceWhenTheConfigurationDropsIt) {
  const Director::Wanted both = web({real_server("10.0.0.1"), real_server("10.0.0.2")});
  apply({both});
  const core::ServerId id = id_of("10.0.0.1");
  director_.set_rows(both.key, std::vector{real_server("10.0.0.2")});
  apply({web({real_server("10.0.0.2")})});
  EXPECT_FALSE(director_.collect(now_));
  EXPECT_TRUE(director_.collect(now_ + Director::kRest));
  EXPECT_EQ(director_.find(id), nullptr);
}

TEST_F(DirectorTest, TellsWorkersWhoseAnswersAreThoseToOurChecks) {
  director_.set_check_targets({ip("10.0.0.1"), ip("fd77::1")});
  const auto snapshot = director_.build_snapshot();
  EXPECT_TRUE(snapshot->service_table().is_check_target(ip("10.0.0.1").v4()));
  EXPECT_TRUE(snapshot->service_table().is_check_target(ip("fd77::1").v6()));
  EXPECT_FALSE(snapshot->service_table().is_check_target(ip("10.0.0.2").v4()));
}

TEST_F(DirectorTest, LetsTheVirtualRouterOfAVipDecideWhetherItIsOurs) {
  const core::OwnerId router{7};
  director_.set_owners({{ip("192.168.1.200"), router}});
  apply(
      {web({real_server("10.0.0.1")}), service({ip("192.168.1.201"), 80}, packet::Protocol::kTcp, {real_server("10.0.0.1")})});
  const auto snapshot = director_.build_snapshot();
  const auto hit_of = [&](const char* vip) { return snapshot->service_table().find(ip(vip).v4(), 80, 6); };
  EXPECT_FALSE(snapshot->owns(hit_of("192.168.1.200")));
  EXPECT_TRUE(snapshot->owns(hit_of("192.168.1.201"))) << "no virtual router has it";
  ownership_.set(router, true);
  EXPECT_TRUE(snapshot->owns(hit_of("192.168.1.200"))) << "by the snapshot that the workers already have";
}

TEST_F(DirectorTest, TellsWorkersTheMacAddressesOfVirtualRoutersByPort) {
  const core::OwnerId router{7};
  const MacAddress mac{{0, 0, 0x5e, 0, 1, 50}};
  director_.add_port("eth1", 1, MacAddress{{2, 0, 0, 0, 0, 2}});
  director_.set_virtual_macs(0, {{mac, router}});
  ownership_.set(router, true);
  EXPECT_TRUE(director_.build_snapshot()->takes(0, mac));
  EXPECT_FALSE(director_.build_snapshot()->takes(1, mac));
  director_.set_virtual_macs(0, {});
  EXPECT_FALSE(director_.build_snapshot()->takes(0, mac));
}

}  // namespace
}  // namespace penstock::control
