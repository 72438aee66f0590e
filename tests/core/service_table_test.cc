#include "dataplane/core/service_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <tuple>

#include "dataplane/core/snapshot.h"
#include "tests/support/packet_builder.h"

namespace penstock::core {
namespace {

using packet::IpAddress;
using packet::Protocol;
using test::v4;
using test::v6;

constexpr std::uint8_t kIpTcp = packet::ip_protocol::kTcp;
constexpr std::uint8_t kIpUdp = packet::ip_protocol::kUdp;

TEST(ServiceTable, FindsAddressPortAndProtocolTogether) {
  ServiceTable table{2, 1};
  table.insert({v4("192.168.1.200"), 80}, Protocol::kTcp, {VirtualId{1}, 0});
  table.insert({v4("192.168.1.200"), 53}, Protocol::kUdp, {VirtualId{2}, 1});
  table.insert({v6("fd77::100"), 80}, Protocol::kTcp, {VirtualId{3}, 2});
  EXPECT_EQ(table.find(v4("192.168.1.200"), 80, kIpTcp).virtual_id, VirtualId{1});
  EXPECT_EQ(table.find(v4("192.168.1.200"), 53, kIpUdp).service, 1);
  EXPECT_EQ(table.find(v6("fd77::100"), 80, kIpTcp).service, 2);
  EXPECT_FALSE(table.find(v4("192.168.1.200"), 80, kIpUdp));
  EXPECT_FALSE(table.find(v4("192.168.1.200"), 81, kIpTcp));
  EXPECT_FALSE(table.find(v4("192.168.1.201"), 80, kIpTcp));
  EXPECT_FALSE(table.find(v6("fd77::100"), 80, kIpUdp));
  EXPECT_FALSE(table.find(v6("fd77::101"), 80, kIpTcp));
}

TEST(ServiceTable, KnowsVipsAndCheckTargetsAlone) {
  ServiceTable table{3, 2};
  table.insert({v4("192.168.1.200"), 80}, Protocol::kTcp, {VirtualId{1}, 0});
  table.insert({v4("192.168.1.200"), 81}, Protocol::kTcp, {VirtualId{2}, 1});
  table.insert({v6("fd77::100"), 80}, Protocol::kUdp, {VirtualId{3}, 2});
  for (int twice = 0; twice < 2; ++twice) {
    table.insert_check_target(v4("192.168.1.11"));
    table.insert_check_target(v6("fd77::11"));
  }
  EXPECT_TRUE(table.is_vip(v4("192.168.1.200")));
  EXPECT_TRUE(table.is_vip(v6("fd77::100")));
  EXPECT_FALSE(table.is_vip(v4("192.168.1.11")));
  EXPECT_TRUE(table.is_check_target(v4("192.168.1.11")));
  EXPECT_TRUE(table.is_check_target(v6("fd77::11")));
  EXPECT_FALSE(table.is_check_target(v4("192.168.1.200")));
  // A protocol number of the table's own can't be reached by a packet's port.
  EXPECT_FALSE(table.find(v4("192.168.1.200"), 0, kIpTcp));
}

TEST(ServiceTable, EmptyFindsNothing) {
  const ServiceTable table;
  EXPECT_FALSE(table.find(v4("0.0.0.0"), 0, 0));
  EXPECT_FALSE(table.find(v4("10.0.0.1"), 80, kIpTcp));
  EXPECT_FALSE(table.find(v6("::"), 0, 0));
  EXPECT_FALSE(table.is_vip(v4("0.0.0.0")));
  EXPECT_FALSE(table.is_check_target(v6("::")));
}

TEST(ServiceTable, FindsAllOfManyAndNoOther) {
  std::mt19937 random{5};
  std::map<std::tuple<IpAddress, std::uint16_t, std::uint8_t>, std::uint16_t> known;
  constexpr std::uint16_t kMany = 4000;
  ServiceTable table{kMany, kMany};
  const auto draw = [&](bool is_v4) -> std::tuple<IpAddress, std::uint16_t, std::uint8_t> {
    const std::uint32_t host = 0x0a00'0000 + static_cast<std::uint32_t>(random() % 300);
    packet::Ipv6Address address6;
    address6.bytes[15] = static_cast<std::uint8_t>(host);
    address6.bytes[7] = static_cast<std::uint8_t>(host >> 8);
    return {is_v4 ? IpAddress{packet::Ipv4Address{host}} : IpAddress{address6}, static_cast<std::uint16_t>(random() % 64),
            random() % 2 == 0 ? kIpTcp : kIpUdp};
  };
  const auto find = [&](const auto& what) {
    const auto& [address, port, protocol] = what;
    return address.is_v4() ? table.find(address.v4(), port, protocol) : table.find(address.v6(), port, protocol);
  };
  for (std::uint16_t id = 1; id <= kMany; ++id) {
    const auto what = draw(id % 2 == 0);
    if (!known.emplace(what, id).second) continue;
    const auto& [address, port, protocol] = what;
    table.insert({address, port}, static_cast<Protocol>(protocol), {VirtualId{id}, id});
  }
  std::set<IpAddress> addresses;
  for (const auto& [what, id] : known) {
    ASSERT_EQ(find(what).service, id);
    addresses.insert(std::get<0>(what));
  }
  for (std::uint32_t host = 0x0a00'0000; host < 0x0a00'0200; ++host) {
    ASSERT_EQ(table.is_vip(packet::Ipv4Address{host}), addresses.contains(IpAddress{packet::Ipv4Address{host}})) << host;
  }
  for (int i = 0; i < 20'000; ++i) {
    const auto what = draw(i % 2 == 0);
    ASSERT_EQ(static_cast<bool>(find(what)), known.contains(what));
  }
}

// ---- SnapshotBuilder

ServiceSpec spec_of(std::uint16_t id, std::vector<ServerId> members) {
  return {.endpoint = {v4("10.0.0.1"), id},
          .protocol = Protocol::kTcp,
          .virtual_id = VirtualId{id},
          .scheduler = SchedulerKind::kWeightedRoundRobin,
          .scheduler_slot = id,
          .generation = 9,
          .members = std::move(members)};
}

RealServer of_weight(std::uint32_t weight, std::uint32_t upper_threshold = 0) {
  return {.destination = {},
          .source = {},
          .available = true,
          .resolved = true,
          .weight = weight,
          .upper_threshold = upper_threshold};
}

}  // namespace

class ServiceTableSearches {
 public:
  // Slots that the longest look-up of an IPv4 service passes, of any key: what a stranger's packet to a closed port may cost.
  static std::size_t longest(const ServiceTable& table) {
    std::size_t longest = 0;
    std::size_t run = 0;
    // Twice around: a run may go on at the table's begin. One slot at least is free.
    for (std::size_t at = 0; at < 2 * table.slots4_.size(); ++at) {
      run = table.slots4_[at & table.mask4_].key == 0 ? 0 : run + 1;
      longest = std::max(longest, run);
    }
    return longest + 1;
  }
};

namespace {

// The hash of IPv4 services has no secret: what operators write must spread as well as chance would have it.
TEST(ServiceTable, SearchesAreShortForServicesInRows) {
  constexpr std::uint32_t kMany = 8000;  // just below a doubling of the table: the highest load
  struct Layout {
    const char* name;
    std::uint32_t addresses;
    std::uint32_t stride;  // from address to address
    bool both_protocols;
  };
  for (const Layout& layout : {Layout{"one address", 1, 1, false}, Layout{"one port", kMany, 1, false},
                               Layout{"a /24", 250, 1, false}, Layout{"a few", 8, 1, true},
                               Layout{"one of each /24", 1000, 256, true}, Layout{"one of each /16", 100, 65'536, false}}) {
    ServiceTable table{kMany, 0};
    for (std::uint32_t i = 0; i < kMany; ++i) {
      const bool udp = layout.both_protocols && i % 2 == 1;
      const std::uint32_t rest = layout.both_protocols ? i / 2 : i;
      const packet::Ipv4Address address{0x0a00'0001 + rest % layout.addresses * layout.stride};
      table.insert({address, static_cast<std::uint16_t>(1 + rest / layout.addresses)}, udp ? Protocol::kUdp : Protocol::kTcp,
                   {VirtualId{1}, 0});
    }
    EXPECT_LT(ServiceTableSearches::longest(table), 32U) << layout.name;
  }
}

TEST(Snapshot, ComputesWhatSchedulersNeedOfEachService) {
  SnapshotBuilder builder;
  builder.set_server(ServerId{0}, of_weight(4));
  builder.set_server(ServerId{1}, of_weight(6, 100));
  builder.set_server(ServerId{7}, of_weight(0));
  builder.add_service(spec_of(1, {ServerId{7}, ServerId{1}, ServerId{0}}));
  builder.add_service(spec_of(2, {ServerId{7}}));
  builder.add_service(spec_of(3, {}));
  const auto snapshot = builder.build();
  const Service& first = snapshot->service(0);
  EXPECT_EQ(first.weight_gcd, 2U);
  EXPECT_EQ(first.max_weight, 6U);
  EXPECT_TRUE(first.has_thresholds);
  EXPECT_EQ(first.generation, 9U);
  ASSERT_EQ(snapshot->members(first).size(), 3U);
  EXPECT_EQ(snapshot->members(first)[1], ServerId{1});
  EXPECT_EQ(snapshot->service(1).weight_gcd, 1U);
  EXPECT_EQ(snapshot->service(1).max_weight, 0U);
  EXPECT_FALSE(snapshot->service(1).has_thresholds);
  EXPECT_TRUE(snapshot->members(snapshot->service(2)).empty());
  EXPECT_EQ(snapshot->server_slots(), 8U);
  EXPECT_FALSE(snapshot->server(ServerId{3}).available);  // a gap between ids
}

TEST(Snapshot, IsEmptyOfWhatTheBuilderBuiltBefore) {
  SnapshotBuilder builder;
  builder.set_port(1, test::kDirectorMac);
  builder.set_server(ServerId{0}, of_weight(1));
  builder.add_service(spec_of(1, {ServerId{0}}));
  builder.set_expire_nodest_conn(true);
  builder.set_sloppy_tcp(true);
  const auto first = builder.build();
  EXPECT_TRUE(first->port(1).present);
  EXPECT_FALSE(first->port(0).present);
  EXPECT_TRUE(first->expire_nodest_conn());
  EXPECT_TRUE(first->sloppy_tcp());
  const auto second = builder.build();
  EXPECT_FALSE(second->port(1).present);
  EXPECT_EQ(second->server_slots(), 0U);
  EXPECT_FALSE(second->expire_nodest_conn());
  EXPECT_FALSE(second->sloppy_tcp());
  EXPECT_FALSE(second->service_table().find(v4("10.0.0.1"), 1, kIpTcp));
}

TEST(Snapshot, AServerTakesNewConnectionsOnlyWhenAllHolds) {
  EXPECT_TRUE(of_weight(1).takes_new());
  EXPECT_FALSE(of_weight(0).takes_new());
  RealServer server = of_weight(1);
  server.available = false;
  EXPECT_FALSE(server.takes_new());
  server.available = true;
  server.resolved = false;
  EXPECT_FALSE(server.takes_new());
  server.local = true;
  EXPECT_TRUE(server.takes_new());
}

}  // namespace
}  // namespace penstock::core
